using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Stores.Placed;

/// <summary>A copy under its own key: all of it is there, and nothing is ever added to it.</summary>
/// <param name="found">What the store has.</param>
/// <param name="record">Its record, with what was learned since it was put.</param>
/// <param name="started">The store's answer where its bytes are on their way; else null.</param>
/// <param name="calls">How the store is asked.</param>
internal sealed class PlacedCopy(PlacedObject found, EntryRecord record, WireResponse? started, StoreCalls calls) : ICacheEntry
{
    private WireResponse? _started = started;

    /// <inheritdoc/>
    public EntryIdentity Identity => record.Identity;

    /// <inheritdoc/>
    public ObjectInfo Info => record.Info;

    /// <inheritdoc/>
    public DateTimeOffset ValidatedAt => record.ValidatedAt;

    /// <summary>Nothing is ever stored here; what was there is found out by who reads it.</summary>
    public bool IsCurrent => true;

    /// <inheritdoc/>
    public ByteRange? FirstHeld(long position) => position < Info.Size ? new ByteRange(position, Info.Size - 1) : null;

    /// <inheritdoc/>
    public IEntryReader Read(ByteRange range) => new PlacedReader(this, range with { Last = Math.Min(range.Last, Info.Size - 1) });

    /// <inheritdoc/>
    public ValueTask WriteAsync(long position, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        throw new IOException("All of this copy is there already.");

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>The answer that the copy was found by, for the first reader.</summary>
    public WireResponse? TakeStarted() => Interlocked.Exchange(ref _started, null);

    /// <summary>Asks for bytes of this very object; null where another took its place, or none.</summary>
    public async Task<WireResponse?> AskAsync(ByteRange range, CancellationToken cancellationToken)
    {
        KeyValuePair<string, string>[] headers =
        [
            new("If-Match", found.StoreETag),
            new("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={range.First}-{range.Last}")),
        ];
        try
        {
            var answer = await calls.SendAsync(new WireRequest("GET", found.Record.Name.Bucket, found.Record.Name.Key, "", headers),
                cancellationToken);
            if (PlacedMark.Read(answer, found.Record.Name) is { } there && there.IsSameVersion(found.Record))
            {
                return answer;
            }

            answer.Dispose();
        }
        catch (S3Exception)
        {
            // The remote has the bytes too.
        }

        return null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        TakeStarted()?.Dispose();
        return ValueTask.CompletedTask;
    }
}
