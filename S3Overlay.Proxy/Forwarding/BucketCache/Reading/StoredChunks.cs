using System.Globalization;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Reading;

/// <summary>Starts reads of an entry's stored chunks.</summary>
/// <remarks>
/// A chunk that is stored in part is rewritten when blocks are added, by other processes too. So what was known of it says which range to
/// request, and the response says which blocks it is of.
/// </remarks>
internal sealed class StoredChunks(CacheBucketObjects objects, TimeProvider time, ILogger logger)
{
    /// <summary>How often a chunk may have changed between two requests of one read.</summary>
    private const int MaxAttempts = 3;

    /// <summary>
    /// Starts to read bytes of a chunk, as far as the store has them without a gap; positions are within it. Null if the store does not
    /// have the first one or does not respond: then it is not cached.
    /// </summary>
    public async Task<StartedRead?> OpenAsync(SharedEntry entry, int chunk, ByteRange range, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (entry.InStore(chunk, out var fill) is not { } blocks || blocks.FirstRun(range.First) is not { } run
                || run.First != range.First)
            {
                return null;
            }

            WireResponse? response = null;
            var hasFailed = false;
            try
            {
                run = run with { Last = Math.Min(run.Last, range.Last) };
                response = await objects.GetAsync(entry.IsManifest ? EntryNames.Chunk(entry.Name, fill, chunk)
                    : EntryNames.Entry(entry.Name), RangeOf(run, blocks), cancellationToken);
                if (response is not null && entry.IsManifest && EntryHeaders.BlocksOf(response, blocks.Length) is var there
                    && !there.IsSame(blocks))
                {
                    response.Dispose();
                    entry.Learn(chunk, fill, there);
                    continue;
                }

                if (response is not null && (entry.IsManifest || (EntryHeaders.TryFill(response, out var theirs) && theirs == fill)))
                {
                    return new StartedRead(chunk, run.Last,
                        await FramedReader.OpenAsync(response, fill, chunk, blocks, time, cancellationToken));
                }
            }
            catch (Exception failure) when (failure is IOException or HttpRequestException)
            {
                // Not retried: the remote has the bytes too.
                Log.CacheFailed(logger, entry.Name.Bucket, failure);
                hasFailed = true;
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
            entry.Lose(chunk, fill, isUndelivered: hasFailed);
            return null;
        }

        return null;
    }

    /// <summary>A block of a fill was not what had been stored. The position is within the object.</summary>
    public void Damaged(SharedEntry entry, int chunk, Guid fill, long position)
    {
        Log.CacheBlockDamaged(logger, entry.Name.Bucket, position);
        entry.Lose(chunk, fill);
    }

    private static string? RangeOf(ByteRange run, ChunkBlocks blocks)
    {
        var framed = blocks.FramesOf(run);
        return framed.First == 0 && framed.Last == blocks.ObjectLength - 1 ? null
            : string.Create(CultureInfo.InvariantCulture, $"bytes={framed.First}-{framed.Last}");
    }
}
