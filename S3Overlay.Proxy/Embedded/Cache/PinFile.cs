using System.Globalization;
using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// The pins of the cache, in a file of the data folder: the cache's own folder may be deleted at any time. Replaced as a whole. Each line
/// has its own checksum, so damage costs single pins.
/// </summary>
/// <param name="folder">The data folder.</param>
/// <param name="disk">The disk.</param>
/// <param name="logger">Gets damage.</param>
internal sealed class PinFile(string folder, StoreDisk disk, ILogger logger) : IPinStore
{
    private const int ChecksumLength = 8;

    private readonly SemaphoreSlim _turn = new(1);

    private string File { get; } = new StoreFolders(folder).Pins;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CachePin>> ReadAsync(CancellationToken cancellationToken)
    {
        string[] lines;
        try
        {
            lines = await System.IO.File.ReadAllLinesAsync(File, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return [];
        }

        var pins = new List<CachePin>(lines.Length);
        foreach (var line in lines)
        {
            if (Parse(line) is { } pin)
            {
                pins.Add(pin);
            }
            else
            {
                Log.PinDamaged(logger, File);
            }
        }

        return pins;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CachePin>> ChangeAsync(Func<IReadOnlyList<CachePin>, IReadOnlyList<CachePin>> change,
        CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var before = await ReadAsync(cancellationToken);
            var after = change(before);
            if (!ReferenceEquals(before, after))
            {
                await Task.Run(() => Write(after), CancellationToken.None);
            }

            return after;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The new file is complete before it gets its name.</summary>
    private void Write(IReadOnlyList<CachePin> pins)
    {
        var aside = File + ".new";
        disk.Delete(aside);
        using (var file = disk.Create(aside))
        {
            disk.Write(file, Encoding.UTF8.GetBytes(string.Concat(pins.Select(Line))), 0);
            disk.Sync(file);
        }

        disk.Move(aside, File);
        disk.SyncFolder(Path.GetDirectoryName(File)!);
    }

    private static string Line(CachePin pin)
    {
        var json = JsonSerializer.Serialize(pin, JsonSerializerOptions.Web);
        return string.Create(CultureInfo.InvariantCulture, $"{Crc32C.Compute(Encoding.UTF8.GetBytes(json)):x8} {json}\n");
    }

    private static CachePin? Parse(string line)
    {
        try
        {
            return line.Length > ChecksumLength + 1
                && uint.TryParse(line.AsSpan(0, ChecksumLength), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum)
                && Crc32C.Compute(Encoding.UTF8.GetBytes(line[(ChecksumLength + 1)..])) == sum
                ? JsonSerializer.Deserialize<CachePin>(line.AsSpan(ChecksumLength + 1), JsonSerializerOptions.Web) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
