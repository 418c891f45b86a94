using System.Text;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>A manifest: an entry's record, and which chunks are in the store.</summary>
/// <param name="Chunks">The chunks that are there.</param>
/// <param name="Parts">The chunks that are there in part. A reader finds out with the bytes: the object may have changed since.</param>
internal sealed record EntryManifest(EntryRecord Record, NumberSet Chunks, IReadOnlyDictionary<int, ChunkBlocks> Parts)
{
    /// <summary>Half a megabyte of bits, a quarter for parts, and a kilobyte key in JSON's longest form, twice.</summary>
    private const int Longest = 1 << 20;

    /// <summary>The time limit: manifests are small.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    /// <summary>True if a chunk is in the store, whole or in part.</summary>
    public bool Names(int chunk) => (chunk < Chunks.Capacity && Chunks[chunk]) || Parts.ContainsKey(chunk);

    /// <summary>A line of JSON, and a line with its CRC-32C in hex.</summary>
    public byte[] ToBytes()
    {
        var text = EntryRecordText.Write(Record, this);
        return [.. text, .. Encoding.ASCII.GetBytes($"\n{Crc32C.Compute(text):x8}\n")];
    }

    /// <summary>Reads a manifest from a store's response.</summary>
    /// <exception cref="InvalidDataException">It is no manifest, or damaged.</exception>
    /// <exception cref="IOException">The response ended early or stalled.</exception>
    public static async Task<EntryManifest> ReadAsync(WireResponse response, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        try
        {
            return Parse(await BytesAsync(response, limit.Token));
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("The store's response stalled.", failure);
        }
    }

    private static async Task<byte[]> BytesAsync(WireResponse response, CancellationToken cancellationToken)
    {
        using var memory = new MemoryStream();
        await using (var body = await response.BodyAsync(cancellationToken))
        {
            var buffer = new byte[16 << 10];
            for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                memory.Write(buffer, 0, read);
                if (memory.Length > Longest)
                {
                    throw new InvalidDataException("it is too long for a manifest");
                }
            }
        }

        return memory.ToArray();
    }

    private static EntryManifest Parse(byte[] bytes)
    {
        const int Tail = 10;
        if (bytes.Length <= Tail || !Encoding.ASCII.GetBytes($"\n{Crc32C.Compute(bytes.AsSpan(0, bytes.Length - Tail)):x8}\n").AsSpan()
            .SequenceEqual(bytes.AsSpan(bytes.Length - Tail)))
        {
            throw new InvalidDataException("its checksum is wrong");
        }

        var (record, chunks, parts) = EntryRecordText.Read(bytes.AsMemory(0, bytes.Length - Tail));
        try
        {
            var layout = new ChunkLayout(record.Info.Size, record.Identity.ChunkSize);
            return chunks is not null && NumberSet.Parse(chunks, layout.Count) is { } set
                ? new EntryManifest(record, set, parts.ToDictionary(static part => part.Key, part => part.Key < layout.Count
                    ? ChunkBlocks.Parse(part.Value, layout.BytesOf(part.Key).Length)
                    : throw new InvalidDataException("it names a chunk that its object has not")))
                : throw new InvalidDataException("its chunks are not those of its object");
        }
        catch (IOException failure)
        {
            throw new InvalidDataException(failure.Message, failure);
        }
    }
}
