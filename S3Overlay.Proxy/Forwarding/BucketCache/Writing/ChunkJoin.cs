using System.Buffers;

using S3Overlay.Proxy.Forwarding.BucketCache.Format;
using S3Overlay.Proxy.Forwarding.BucketCache.Known;
using S3Overlay.Proxy.Forwarding.BucketCache.Spooling;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Writing;

/// <summary>Brings together what the store and the spool have of a chunk, before it is written again.</summary>
internal sealed class ChunkJoin(CacheBucketObjects objects, TimeProvider time, ILogger logger)
{
    /// <summary>Copies the stored blocks of a chunk to the spool, beside those that are there.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="fill">For which fill.</param>
    /// <param name="spooled">Its blocks in the spool.</param>
    /// <param name="isLost">True if the object was found damaged or missing, or could not be read: then a whole one is copied too.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The ETag of the object that they are in, null for none; and true if it is a whole chunk, which is not copied.</returns>
    /// <exception cref="IOException">The store failed, or the spool is full.</exception>
    public async Task<(string? ETag, bool IsWhole)> JoinAsync(
        SharedEntry entry, int chunk, Guid fill, SpooledChunk spooled, bool isLost, CancellationToken cancellationToken)
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
                if (blocks.IsWhole && !isLost)
                {
                    return (etag, true);
                }

                var (buffer, isDamaged) = (ArrayPool<byte>.Shared.Rent(EntryFrames.BlockSize), false);
                try
                {
                    for (var block = blocks.Next(0); block * EntryFrames.BlockSize < blocks.Length; block = blocks.Next(block + 1))
                    {
                        var position = block * EntryFrames.BlockSize;
                        try
                        {
                            var read = await reader.ReadAsync(position, buffer, cancellationToken);
                            Write(spooled, position, buffer.AsSpan(0, read));
                        }
                        catch (InvalidDataException) when (isDamaged)
                        {
                            // One is logged: there may be thousands.
                        }
                        catch (InvalidDataException)
                        {
                            // The spool may have this block. Those after it are read all the same.
                            isDamaged = true;
                            Log.CacheBlockDamaged(logger, entry.Name.Bucket, entry.Layout.BytesOf(chunk).First + position);
                        }
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
            catch (InvalidDataException failure)
            {
                // It is written anew.
                Log.CacheEntryUnusable(logger, entry.Name.Bucket, failure.Message);
            }

            return (etag, false);
        }
    }

    /// <summary>A spool that fails says nothing about what the store has.</summary>
    private static void Write(SpooledChunk spooled, long position, ReadOnlySpan<byte> bytes)
    {
        try
        {
            spooled.Write(position, bytes);
        }
        catch (IOException failure) when (failure is not CacheFullException)
        {
            throw new CacheFullException($"The spool cannot be written: {failure.Message}");
        }
    }
}
