using System.Buffers;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.BucketCache.Format;

/// <summary>An entry's record as JSON, for headers and manifests.</summary>
internal static class EntryRecordText
{
    private const int Version = 1;

    /// <summary>The most characters for chunks in part: a manifest is read at once.</summary>
    private const int MostOfParts = 256 << 10;

    /// <summary>Writes the record, and for a manifest the chunks.</summary>
    public static byte[] Write(EntryRecord record, EntryManifest? manifest)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("bucket", record.Name.Bucket);
            json.WriteString("key", record.Name.Key);
            json.WriteString("endpoint", record.Identity.Endpoint);
            json.WriteString("remoteBucket", record.Identity.Bucket);
            json.WriteString("remoteKey", record.Identity.Key);
            json.WriteNumber("chunkSize", record.Identity.ChunkSize);
            json.WriteNumber("validated", record.ValidatedAt.UtcTicks);
            json.WriteString("fill", record.Fill);
            json.WriteNumber("size", record.Info.Size);
            json.WriteString("etag", record.Info.ETag);
            json.WriteNumber("modified", record.Info.LastModified.UtcTicks);
            json.WriteStartArray("headers");
            foreach (var (name, value) in record.Info.Headers)
            {
                json.WriteStringValue(name);
                json.WriteStringValue(value);
            }

            json.WriteEndArray();
            json.WriteStartArray("checksums");
            foreach (var checksum in record.Info.Checksums)
            {
                json.WriteStringValue(ChecksumNames.Header(checksum.Algorithm));
                json.WriteStringValue(checksum.Value);
            }

            json.WriteEndArray();
            json.WriteString("checksumType", record.Info.ChecksumType);
            if (record.Info.Checksums.Count == 0)
            {
                json.WriteBoolean("checksumsKnown", record.Info.AreChecksumsKnown);
            }

            if (manifest is not null)
            {
                json.WriteBase64String("chunks", manifest.Chunks.ToBytes());
                WriteParts(json, manifest.Parts);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no record.</exception>
    public static (EntryRecord Record, byte[]? Chunks, IReadOnlyDictionary<int, string> Parts) Read(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            if (root.GetProperty("version").GetInt32() != Version)
            {
                throw new InvalidDataException("it is of another format version");
            }

            var record = new EntryRecord(new ObjectName(Text(root, "bucket"), Text(root, "key")),
                new EntryIdentity(Text(root, "endpoint"), Text(root, "remoteBucket"), Text(root, "remoteKey"),
                    root.GetProperty("chunkSize").GetInt64()),
                Info(root), Date(root, "validated"), root.GetProperty("fill").GetGuid());
            return record.Info.Size >= 0 && record.Identity.ChunkSize >= 0
                ? (record, root.TryGetProperty("chunks", out var chunks) ? chunks.GetBytesFromBase64() : null, Parts(root))
                : throw new InvalidDataException("a number is negative");
        }
        catch (Exception failure)
            when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
                or OverflowException or ArgumentException)
        {
            throw new InvalidDataException("it cannot be read", failure);
        }
    }

    /// <summary>Older programs skip them, and what they name.</summary>
    private static void WriteParts(Utf8JsonWriter json, IReadOnlyDictionary<int, ChunkBlocks> parts)
    {
        if (parts.Count == 0)
        {
            return;
        }

        json.WriteStartObject("parts");
        var room = MostOfParts;
        foreach (var (chunk, blocks) in parts)
        {
            var (name, text) = (chunk.ToString(CultureInfo.InvariantCulture), blocks.ToString());
            if ((room -= name.Length + text.Length + 6) < 0)
            {
                break;
            }

            json.WriteString(name, text);
        }

        json.WriteEndObject();
    }

    private static IReadOnlyDictionary<int, string> Parts(JsonElement root) => root.TryGetProperty("parts", out var parts)
        ? parts.EnumerateObject().ToDictionary(
            static part => int.Parse(part.Name, NumberStyles.None, CultureInfo.InvariantCulture),
            static part => part.Value.GetString() ?? throw new FormatException(part.Name))
        : ReadOnlyDictionary<int, string>.Empty;

    private static ObjectInfo Info(JsonElement root) => new()
    {
        Size = root.GetProperty("size").GetInt64(),
        ETag = Text(root, "etag"),
        LastModified = Date(root, "modified"),
        Headers = [.. Pairs(root, "headers")],
        Checksums = [.. Pairs(root, "checksums").Select(pair => new BodyChecksum(Algorithm(pair.Key), pair.Value))],
        ChecksumType = root.GetProperty("checksumType").GetString(),
        AreChecksumsKnown = root.TryGetProperty("checksumsKnown", out var known) ? known.GetBoolean()
            : root.GetProperty("checksums").GetArrayLength() > 0,
    };

    private static IEnumerable<KeyValuePair<string, string>> Pairs(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateArray().Select(item => item.GetString()!).Chunk(2)
            .Select(pair => KeyValuePair.Create(pair[0], pair.Length == 2 ? pair[1] : ""));

    private static ChecksumAlgorithm Algorithm(string header)
    {
        foreach (var algorithm in ChecksumNames.All)
        {
            if (ChecksumNames.Header(algorithm) == header)
            {
                return algorithm;
            }
        }

        throw new FormatException("an unknown checksum");
    }

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString() ?? throw new FormatException(name);

    private static DateTimeOffset Date(JsonElement root, string name) => new(root.GetProperty(name).GetInt64(), TimeSpan.Zero);
}
