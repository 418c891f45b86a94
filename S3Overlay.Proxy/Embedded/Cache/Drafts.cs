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
/// <param name="time">The clock.</param>
/// <param name="logger">Gets failures.</param>
/// <remarks>
/// <code>
///   create -> in memory, found by name -> complete, or left by all -> queue -> file and row, found by name -> no longer a draft
///              |                                                        ^
///              +-- evicted: never gets a file                           |
///              +-- listed, renewed, described: at once -----------------+
/// </code>
/// </remarks>
internal sealed class Drafts(
    CacheTable table, Func<DraftEntry, Task<ICacheEntry?>> write, long limit, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>What a draft needs beside its bytes, key and headers, at a guess: its places in tables.</summary>
    public const int Overhead = 1536;

    /// <summary>How many are written together: their rows are one transaction.</summary>
    private const int Batch = 64;

    /// <summary>How long a draft waits for others to be written with.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<ObjectName, DraftEntry> _drafts = new();

    /// <summary>Names, so that the bytes of a draft that was evicted are not kept.</summary>
    private readonly Channel<ObjectName> _queue = Channel.CreateUnbounded<ObjectName>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
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
        if (identity.ChunkSize != 0 || info.Size is 0 or > HotObjects.Largest)
        {
            return null;
        }

        // Taken first: many may come at once.
        var weight = WeightOf(name, info);
        var isCreated = false;
        try
        {
            if (Interlocked.Add(ref _bytes, weight) > limit)
            {
                return null;
            }

            using (await table.LockAsync(name.Bucket, name.Key, cancellationToken))
            {
                if (await table.HasAsync(name))
                {
                    return null;
                }

                var draft = new DraftEntry(name, identity, info, validatedAt, this, time);
                var used = draft.TryUse();
                isCreated = _drafts.TryAdd(name, draft);
                return isCreated ? used : null;
            }
        }
        finally
        {
            if (!isCreated)
            {
                Interlocked.Add(ref _bytes, -weight);
            }
        }
    }

    /// <summary>Has a draft written.</summary>
    public void Queue(DraftEntry draft) => _queue.Writer.TryWrite(draft.Name);

    /// <summary>Makes a key's draft an entry of no key, unless it is of another version than <paramref name="onlyETag"/>.</summary>
    public async ValueTask EvictAsync(ObjectName name, string? onlyETag)
    {
        if (_drafts.TryGetValue(name, out var draft) && (onlyETag is null || ETags.Same(draft.Info.ETag, onlyETag)))
        {
            if (draft.Withdraw() is { } settling)
            {
                // It keeps its place until then, so that every other eviction of the key waits for it too, and no new draft passes it.
                await settling;
            }

            Remove(draft);
        }
    }

    /// <summary>Gives a key's draft a file, if there is one.</summary>
    /// <remarks>On the thread pool: the caller may be a socket's thread.</remarks>
    public Task SettleAsync(ObjectName name, CancellationToken cancellationToken) => _drafts.TryGetValue(name, out var draft)
        ? Task.Run(() => SettleAsync(draft), CancellationToken.None).WaitAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Gives drafts their files: those of a bucket whose keys have a prefix, or all.</summary>
    /// <param name="bucket">The bucket; null for all.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="cancellationToken">Ends the wait, not the work.</param>
    public Task SettleAsync(string? bucket, string prefix, CancellationToken cancellationToken) => Volatile.Read(ref _bytes) == 0
        ? Task.CompletedTask
        : Task.Run(() => SettleAsync(_drafts.Values.Where(draft => bucket is null
            || (draft.Name.Bucket == bucket && draft.Name.Key.StartsWith(prefix, StringComparison.Ordinal)))), CancellationToken.None)
            .WaitAsync(cancellationToken);

    /// <summary>Writes what is left, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _closing.CancelAsync();
        await _writing;
        await SettleAsync(null, "", CancellationToken.None);
        _closing.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<DraftEntry>(Batch);
        while (await _queue.Reader.WaitToReadAsync())
        {
            await Task.Delay(Gathering, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (_queue.Reader.TryPeek(out _))
            {
                while (batch.Count < Batch && _queue.Reader.TryRead(out var name))
                {
                    if (_drafts.TryGetValue(name, out var draft))
                    {
                        batch.Add(draft);
                    }
                }

                await SettleAsync(batch);
                batch.Clear();
            }
        }
    }

    /// <summary>Files one after the other, rows of a batch together.</summary>
    private async Task SettleAsync(IEnumerable<DraftEntry> drafts)
    {
        foreach (var batch in drafts.Chunk(Batch))
        {
            await Task.WhenAll(batch.Select(SettleAsync));
        }
    }

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
        catch (Exception failure)
        {
            Failed(failure);
        }
        finally
        {
            await draft.SettledAsync(file, Failed);
            Remove(draft);
        }

        // Whatever it is: the next draft must be written all the same. Its users keep what they have.
        void Failed(Exception failure) => Log.CacheFailed(logger, draft.Name.Bucket, failure);
    }

    private void Remove(DraftEntry draft)
    {
        if (_drafts.TryRemove(new(draft.Name, draft)))
        {
            Interlocked.Add(ref _bytes, -WeightOf(draft.Name, draft.Info));
        }
    }

    private static long WeightOf(ObjectName name, ObjectInfo info) => info.Size + Overhead + HotEntry.WeightOf(name.Key, info);
}
