using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Starts reads of an entry's stored chunks.</summary>
internal sealed class StoredChunks(CacheBucketObjects objects, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Starts to read bytes of a chunk; positions are within it. Null if the store does not have it or does not respond: then it is not
    /// cached.
    /// </summary>
    public async Task<FramedReader?> OpenAsync(SharedEntry entry, int chunk, ByteRange range, CancellationToken cancellationToken)
    {
        if (!entry.IsStored(chunk, out var fill))
        {
            return null;
        }

        var length = entry.Layout.BytesOf(chunk).Length;
        WireResponse? response = null;
        try
        {
            response = await objects.GetAsync(entry.IsManifest ? EntryNames.Chunk(entry.Name, fill, chunk)
                : EntryNames.Entry(entry.Name), RangeOf(range, length), cancellationToken);
            if (response is not null && (entry.IsManifest || (EntryHeaders.TryFill(response, out var theirs) && theirs == fill)))
            {
                return await FramedReader.OpenAsync(response, fill, chunk, length, time, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            // Not retried: the remote has the bytes too.
            Log.CacheFailed(logger, entry.Name.Bucket, failure);
        }
        catch (InvalidDataException failure)
        {
            Log.CacheEntryUnusable(logger, entry.Name.Bucket, failure.Message);
        }
        catch
        {
            response?.Dispose();
            throw;
        }

        response?.Dispose();
        entry.Lose(chunk);
        return null;
    }

    /// <summary>A block was not what had been stored.</summary>
    public void Damaged(SharedEntry entry, int chunk, long position)
    {
        Log.CacheBlockDamaged(logger, entry.Name.Bucket, position);
        entry.Lose(chunk);
    }

    private static string? RangeOf(ByteRange range, long length)
    {
        var framed = EntryFrames.Of(range);
        var last = Math.Min(framed.Last, EntryFrames.LengthOf(length) - 1);
        return framed.First == 0 && last == EntryFrames.LengthOf(length) - 1 ? null
            : string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-{last}");
    }
}
