using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Begins reads of what the store has of a copy.</summary>
internal sealed class StoredChunks(CacheBucketObjects objects, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Begins to read some bytes of a chunk, positions within it. Null where the store does not have it any more, or does not give it: it
    /// is not held then.
    /// </summary>
    public async Task<FramedReader?> OpenAsync(SharedEntry copy, int chunk, ByteRange range, CancellationToken cancellationToken)
    {
        if (!copy.IsStored(chunk, out var fill))
        {
            return null;
        }

        var length = copy.Layout.BytesOf(chunk).Length;
        WireResponse? answer = null;
        try
        {
            answer = await objects.GetAsync(copy.IsManifest ? EntryNames.Chunk(copy.Name, fill, chunk)
                : EntryNames.Copy(copy.Name), RangeOf(range, length), cancellationToken);
            if (answer is not null && (copy.IsManifest || (EntryHeaders.TryFill(answer, out var theirs) && theirs == fill)))
            {
                return await FramedReader.OpenAsync(answer, fill, chunk, length, time, cancellationToken);
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            // A store that does not answer now is not asked again for it: the remote has it too.
            Log.HeldStoreFailed(logger, copy.Name.Bucket, failure);
        }
        catch (InvalidDataException failure)
        {
            Log.HeldCopyUnusable(logger, copy.Name.Bucket, failure.Message);
        }
        catch
        {
            answer?.Dispose();
            throw;
        }

        answer?.Dispose();
        copy.Lose(chunk);
        return null;
    }

    /// <summary>A block was not what had been stored.</summary>
    public void Damaged(SharedEntry copy, int chunk, long position)
    {
        Log.HeldBlockDamaged(logger, copy.Name.Bucket, position);
        copy.Lose(chunk);
    }

    private static string? RangeOf(ByteRange range, long length)
    {
        var framed = EntryFrames.Of(range);
        var last = Math.Min(framed.Last, EntryFrames.LengthOf(length) - 1);
        return framed.First == 0 && last == EntryFrames.LengthOf(length) - 1 ? null
            : string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-{last}");
    }
}
