using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Embedded.Cache;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded.Memory;

/// <content>Writes while a draft gets its file.</content>
public sealed partial class DraftTests
{
    [Fact, Trait("Rule", "R3")]
    public async Task What_is_written_while_it_is_copied_to_its_file_goes_there_too()
    {
        await using var drafts = new Drafts(null!, static _ => Task.FromResult<ICacheEntry?>(null), 0, _time, NullLogger.Instance);
        var info = new ObjectInfo { Size = Size, ETag = "\"v\"", LastModified = DateTimeOffset.UnixEpoch };
        var draft = new DraftEntry(new ObjectName("bucket", "key"), new EntryIdentity("http://remote", "bucket", "key", 0), info,
            _time.GetUtcNow(), drafts, _time);
        await using var user = draft.TryUse()!;
        await user.WriteAsync(500, Bytes(1)[500..700], default);
        Assert.NotNull(draft.BeginSettling());

        // None of them may wait for the copy, which waits for them.
        var more = new Queue<(int From, int To)>([(300, 500), (0, 300)]);
        await using var file = new OvertakenEntry(await CreateAsync("file", 1))
        {
            OnWritten = () => more.TryDequeue(out var next) ? user.WriteAsync(next.From, Bytes(1)[next.From..next.To], default) : default,
        };
        await draft.SettledAsync(file, static failure => Assert.Fail(failure.Message)).WaitAsync(Patience.Limit);
        Assert.Equal(Bytes(1)[..700], await ReadAsync(file));
        await user.WriteAsync(700, Bytes(1)[700..], default);
        Assert.Equal(Bytes(1), await ReadAsync(file));
    }

    /// <summary>An entry that runs something after each write.</summary>
    private sealed class OvertakenEntry(ICacheEntry copy) : PassingEntry(copy)
    {
        public required Func<ValueTask> OnWritten { get; init; }

        public override async ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await base.WriteAsync(position, bytes, cancellationToken);
            await OnWritten();
        }
    }
}
