using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace S3Overlay.Promote.Sending;

/// <summary>What happens to a change.</summary>
internal enum PlannedStep
{
    /// <summary>The object is sent.</summary>
    Send,

    /// <summary>The delete is sent.</summary>
    Delete,

    /// <summary>The remote has it already: it is only undone here.</summary>
    Revert,

    /// <summary>The remote has changed too, or that cannot be known.</summary>
    Conflict,

    /// <summary>It is not asked for.</summary>
    Skip,
}

/// <summary>
/// The changes to send. They are written to a temporary file first, so that memory stays flat, everything can be counted before the
/// question, and the proxy's list does not wait for uploads.
/// </summary>
internal sealed class Plan : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly long[] _steps = new long[Enum.GetValues<PlannedStep>().Length];

    private Plan(FileStream file) => _file = file;

    /// <summary>Changes of the target.</summary>
    public long Keys { get; private set; }

    /// <summary>Bytes of the objects to send.</summary>
    public long Bytes { get; private set; }

    /// <summary>Changes with a step.</summary>
    public long Of(PlannedStep step) => _steps[(int)step];

    /// <summary>Decides what happens to a change.</summary>
    public static PlannedStep Of(ChangedKey change, PromoteOptions options) =>
        change.Key is null || change.Place is null || change.Stamp is null ? PlannedStep.Skip
        : change.Kind == ChangedKind.Same || (change.Kind == ChangedKind.Deleted && change.RemoteETag is null) ? PlannedStep.Revert
        : change.Kind == ChangedKind.Deleted && !options.Deletes ? PlannedStep.Skip
        : change.Upstream != UpstreamChange.Unchanged && !options.Force ? PlannedStep.Conflict
        : change.Kind == ChangedKind.Deleted ? PlannedStep.Delete : PlannedStep.Send;

    /// <summary>Reads the changes.</summary>
    public static async Task<Plan> MakeAsync(IOverlay overlay, PromoteOptions options, CancellationToken cancellationToken)
    {
        var file = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var plan = new Plan(new FileStream(Path.Combine(Path.GetTempPath(), $"s3overlay-promote-{Guid.NewGuid():n}"), file));
        try
        {
            await using var writer = new StreamWriter(plan._file, Encoding.UTF8, bufferSize: 64 << 10, leaveOpen: true);
            await foreach (var change in overlay.ChangesAsync(cancellationToken))
            {
                if (change.Key is { } key && !options.IsChosen(key))
                {
                    continue;
                }

                var step = Of(change, options);
                plan._steps[(int)step]++;
                plan.Keys++;
                plan.Bytes += step == PlannedStep.Send ? change.Size : 0;
                await writer.WriteLineAsync(JsonSerializer.Serialize(change).AsMemory(), cancellationToken);
            }

            return plan;
        }
        catch
        {
            await plan.DisposeAsync();
            throw;
        }
    }

    /// <summary>The changes, in the order of the list.</summary>
    public async IAsyncEnumerable<ChangedKey> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _file.Seek(0, SeekOrigin.Begin);
        using var reader = new StreamReader(_file, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, 64 << 10, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return JsonSerializer.Deserialize<ChangedKey>(line)!;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _file.DisposeAsync();
}
