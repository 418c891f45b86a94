using System.Collections.Concurrent;
using System.Threading.Channels;

using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Cache;

/// <summary>
/// New small entries: first in memory, written to files behind their readers. Whatever is not a read of such an entry first gives it its
/// file, so that nothing else has to know about drafts.
/// </summary>
/// <param name="table">The entries with files.</param>
/// <param name="write">Gives a draft a file, and makes that the entry of its key.</param>
/// <param name="limit">The most bytes that wait to be written; 0 for no drafts.</param>
/// <param name="logger">Gets failures.</param>
/// <remarks>
/// <code>
///   create -> in memory, found by name -> complete, or left by all -> queue -> file and row, found by name -> no longer a draft
///              |                                                        ^
///              +-- evicted: never gets a file                           |
///              +-- listed, renewed, described: at once -----------------+
/// </code>
/// </remarks>
internal sealed class Drafts(CacheTable table, Func<DraftEntry, Task<ICacheEntry?>> write, long limit, ILogger logger) : IAsyncDisposable
{
    /// <summary>How many are written together: their rows are one transaction.</summary>
    private const int Batch = 64;

    private readonly ConcurrentDictionary<ObjectName, DraftEntry> _drafts = new();
    private readonly Channel<DraftEntry> _queue = Channel.CreateUnbounded<DraftEntry>(new UnboundedChannelOptions { SingleReader = true });
    private Task _writing = Task.CompletedTask;
    private long _bytes;

    /// <summary>Cached bytes that no file has yet.</summary>
    public long CachedBytes => Volatile.Read(ref _bytes) == 0 ? 0 : _drafts.Values.Sum(static draft => draft.CachedBytes);

    /// <summary>Starts to write what is queued.</summary>
    public void Start() => _writing = Task.Run(WriteAsync);

    /// <summary>A new user of a key's draft; null if there is none.</summary>
    public ICacheEntry? TryUse(ObjectName name) =>
        Volatile.Read(ref _bytes) != 0 && _drafts.TryGetValue(name, out var draft) ? draft.TryUse() : null;

    /// <summary>The version of a key's draft; null if there is none.</summary>
    public ObjectInfo? InfoOf(ObjectName name) => _drafts.TryGetValue(name, out var draft) ? draft.Info : null;

    /// <summary>
    /// Creates an entry in memory. Null if it needs a file from the start: it is too large, the key has an entry already, or too much
    /// waits.
    /// </summary>
    public async ValueTask<ICacheEntry?> TryCreateAsync(
        ObjectName name, EntryIdentity identity, ObjectInfo info, DateTimeOffset validatedAt, CancellationToken cancellationToken)
    {
        if (identity.ChunkSize != 0 || info.Size is 0 or > HotObjects.Largest || Volatile.Read(ref _bytes) + info.Size > limit)
        {
            return null;
        }

        using (await table.LockAsync(name.Bucket, name.Key, cancellationToken))
        {
            var draft = new DraftEntry(name, identity, info, validatedAt, this);
            var used = draft.TryUse();
            Interlocked.Add(ref _bytes, info.Size);
            if (!await table.HasAsync(name) && _drafts.TryAdd(name, draft))
            {
                return used;
            }

            Interlocked.Add(ref _bytes, -info.Size);
            return null;
        }
    }

    /// <summary>Has a draft written.</summary>
    public void Queue(DraftEntry draft) => _queue.Writer.TryWrite(draft);

    /// <summary>Makes a key's draft an entry of no key, unless it is of another version than <paramref name="onlyETag"/>.</summary>
    public async ValueTask EvictAsync(ObjectName name, string? onlyETag)
    {
        if (_drafts.TryGetValue(name, out var draft) && (onlyETag is null || ETags.Same(draft.Info.ETag, onlyETag)))
        {
            var settling = draft.Withdraw();
            Remove(draft);
            if (settling is not null)
            {
                await settling;
            }
        }
    }

    /// <summary>Gives a key's draft a file, if there is one.</summary>
    public Task SettleAsync(ObjectName name) => _drafts.TryGetValue(name, out var draft) ? SettleSoonAsync(draft) : Task.CompletedTask;

    /// <summary>Gives all drafts their files.</summary>
    public Task SettleAllAsync() =>
        Volatile.Read(ref _bytes) == 0 ? Task.CompletedTask : Task.WhenAll(_drafts.Values.Select(SettleSoonAsync));

    /// <summary>Writes what is left, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        await SettleAllAsync();
    }

    private async Task WriteAsync()
    {
        var batch = new List<Task>(Batch);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < Batch && _queue.Reader.TryRead(out var draft))
            {
                batch.Add(SettleAsync(draft));
            }

            await Task.WhenAll(batch);
            batch.Clear();
        }
    }

    /// <summary>On the thread pool: the caller may be a socket's thread.</summary>
    private Task SettleSoonAsync(DraftEntry draft) => Task.Run(() => SettleAsync(draft));

    /// <summary>Gives a draft its file, once. Waits for the disk.</summary>
    private async Task SettleAsync(DraftEntry draft)
    {
        if (draft.BeginSettling() is not (var isCallers, var settling))
        {
            Remove(draft);
            return;
        }

        if (!isCallers)
        {
            await settling.Task;
            return;
        }

        ICacheEntry? file = null;
        try
        {
            file = await write(draft);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Log.CacheFailed(logger, draft.Name.Bucket, failure);
        }
        finally
        {
            await draft.SettledAsync(file);
            Remove(draft);
        }
    }

    private void Remove(DraftEntry draft)
    {
        if (_drafts.TryRemove(new(draft.Name, draft)))
        {
            Interlocked.Add(ref _bytes, -draft.Info.Size);
        }
    }
}
