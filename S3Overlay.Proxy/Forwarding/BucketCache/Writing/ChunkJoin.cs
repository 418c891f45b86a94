using System.Buffers;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>Brings together what the store and the spool have of a chunk, before it is written again.</summary>
internal sealed class ChunkJoin(CacheBucketObjects objects, TimeProvider time, ILogger logger)
{
    /// <summary>Copies the stored blocks of a chunk to the spool, beside those that are there.</summary>
    /// <returns>The ETag of the object that they are in, null for none; and true if it is a whole chunk, which is not copied.</returns>
    /// <exception cref="IOException">The store failed, or the spool is full.</exception>
    public async Task<(string? ETag, bool IsWhole)> JoinAsync(
        SharedEntry entry, int chunk, Guid fill, SpooledChunk spooled, CancellationToken cancellationToken)
    {
        var response = await objects.GetAsync(EntryNames.Chunk(entry.Name, fill, chunk), null, cancellationToken);
        if (response is null)
        {
            return default;
        }

        using (response)
        {
            var etag = response.Header("ETag");
            try
            {
                var blocks = EntryHeaders.BlocksOf(response, entry.Layout.BytesOf(chunk).Length);
                await using var reader = await FramedReader.OpenAsync(response, fill, chunk, blocks, time, cancellationToken);
                if (blocks.IsWhole)
                {
                    return (etag, true);
                }

                var buffer = ArrayPool<byte>.Shared.Rent(EntryFrames.BlockSize);
                try
                {
                    for (var block = blocks.Next(0); block * EntryFrames.BlockSize < blocks.Length; block = blocks.Next(block + 1))
                    {
                        var position = block * EntryFrames.BlockSize;
                        var read = await reader.ReadAsync(position, buffer, cancellationToken);
                        spooled.Write(position, buffer.AsSpan(0, read));
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
            catch (InvalidDataException failure)
            {
                // The blocks before the damage are used, the others lost.
                Log.CacheEntryUnusable(logger, entry.Name.Bucket, failure.Message);
            }

            return (etag, false);
        }
    }
}
