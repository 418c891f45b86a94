using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace S3Overlay.Promote.Sending;

/// <summary>
/// Remembers an upload in parts in a file, so that it goes on where it stopped. The first line names the upload and the version that it is
/// of, each further one a part. The file is locked: a second command does not send the same key at the same time.
/// </summary>
internal sealed class UploadMemory : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<int, SentPart> _parts = [];

    private UploadMemory(FileStream file) => _file = file;

    /// <summary>The upload; null if there is none yet.</summary>
    public RememberedUpload? Upload { get; private set; }

    /// <summary>The parts that were sent, by number.</summary>
    public IReadOnlyDictionary<int, SentPart> Parts => _parts;

    /// <summary>Opens the memory of a destination.</summary>
    /// <exception cref="SendException">Another command is sending to it, or the folder cannot be written to.</exception>
    public static async Task<UploadMemory> OpenAsync(string folder, Destination to, CancellationToken cancellationToken)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{to.Store.Name}\n{to.Key}")));
        try
        {
            Directory.CreateDirectory(folder);
            var memory = new UploadMemory(new FileStream(Path.Combine(folder, name + ".jsonl"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None));
            await memory.ReadAsync(cancellationToken);
            return memory;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SendException($"what was sent cannot be remembered, or another command is sending it: {failure.Message}");
        }
    }

    /// <summary>Begins anew.</summary>
    public async Task BeginAsync(RememberedUpload upload, CancellationToken cancellationToken)
    {
        _file.SetLength(0);
        _parts.Clear();
        Upload = upload;
        await AppendAsync(upload, cancellationToken);
    }

    /// <summary>Adds a part.</summary>
    public async Task AddAsync(SentPart part, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            _parts[part.Number] = part;
            await AppendAsync(part, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Forgets parts that the store does not have.</summary>
    public void Keep(Func<SentPart, bool> isThere)
    {
        foreach (var lost in _parts.Values.Where(part => !isThere(part)).ToList())
        {
            _parts.Remove(lost.Number);
        }
    }

    /// <summary>The upload ended: nothing is left to remember.</summary>
    public void Forget()
    {
        Upload = null;
        _file.SetLength(0);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var isEmpty = Upload is null;
        await _file.DisposeAsync();
        _turn.Dispose();
        if (isEmpty)
        {
            File.Delete(_file.Name);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(_file, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            try
            {
                if (Upload is null)
                {
                    Upload = JsonSerializer.Deserialize<RememberedUpload>(line);
                }
                else if (JsonSerializer.Deserialize<SentPart>(line) is { } part)
                {
                    _parts[part.Number] = part;
                }
            }
            catch (JsonException)
            {
                // The last line of a command that was killed.
                break;
            }
        }

        _file.Seek(0, SeekOrigin.End);
    }

    private async Task AppendAsync<T>(T line, CancellationToken cancellationToken)
    {
        // The line feed comes first: the line before may be half of one.
        await _file.WriteAsync(Encoding.UTF8.GetBytes((_file.Length == 0 ? "" : "\n") + JsonSerializer.Serialize(line)), cancellationToken);
        await _file.FlushAsync(cancellationToken);
    }
}

/// <summary>An upload that was begun.</summary>
/// <param name="Id">The store's name of it.</param>
/// <param name="Stamp">The change that it sends.</param>
/// <param name="ETag">The version that it sends.</param>
internal sealed record RememberedUpload(string Id, string? Stamp, string ETag);

/// <summary>A part that was sent.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Size">Its size.</param>
/// <param name="ETag">The ETag that the store returned, without quotes.</param>
internal sealed record SentPart(int Number, long Size, string ETag);
