using System.Text.Json;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>The keys that the built-in store encrypts objects with.</summary>
/// <param name="Masters">Keys for SSE-S3. The first encrypts; the others only decrypt.</param>
/// <param name="Named">Keys for SSE-KMS, by name.</param>
/// <remarks>The file: <c>{"master": "...", "oldMasters": ["..."], "kms": {"name": "..."}}</c>, each key 32 bytes in base64.</remarks>
public sealed record EncryptionKeys(IReadOnlyList<byte[]> Masters, IReadOnlyDictionary<string, byte[]> Named)
{
    private const int Size = 32;
    private const int LongestName = 256;
    private const string Example = "must be 32 random bytes in base64, as from: openssl rand -base64 32.";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>No keys.</summary>
    public static EncryptionKeys None { get; } = new([], new Dictionary<string, byte[]>());

    /// <summary>Reads one key.</summary>
    /// <exception cref="FormatException">It is not 32 bytes in base64.</exception>
    public static byte[] ParseKey(string text)
    {
        var bytes = new byte[Size + 1];
        return text.Length <= 2 * Size && Convert.TryFromBase64String(text, bytes, out var length) && length == Size ? bytes[..Size]
            : throw new FormatException(Example);
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="FormatException">Says what is wrong, and never shows a key.</exception>
    public static EncryptionKeys Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"cannot be read: {problem.Message}", problem);
        }
    }

    /// <summary>Reads the file's content.</summary>
    /// <exception cref="FormatException">Says what is wrong, and never shows a key.</exception>
    public static EncryptionKeys Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Parse(document.RootElement)
                : throw new FormatException("must hold a JSON object: {\"master\": \"...\", \"kms\": {\"name\": \"...\"}}.");
        }
        catch (JsonException problem)
        {
            // The parser's own message may quote what it stumbled over, which may be a secret.
            throw new FormatException($"is not JSON: see line {problem.LineNumber + 1}, byte {problem.BytePositionInLine}.", problem);
        }
        catch (InvalidOperationException problem)
        {
            // What the parser throws for a string that is no text.
            throw new FormatException("is not JSON: it must be UTF-8 without halves of surrogate pairs.", problem);
        }
    }

    private static EncryptionKeys Parse(JsonElement root)
    {
        var (masters, named) = (new List<byte[]>(), new Dictionary<string, byte[]>(StringComparer.Ordinal));
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "master":
                    masters.Insert(0, KeyOf(property.Value, "master"));
                    break;
                case "oldMasters" when property.Value.ValueKind == JsonValueKind.Array:
                    masters.AddRange(property.Value.EnumerateArray().Select(static key => KeyOf(key, "each of oldMasters")));
                    break;
                case "kms" when property.Value.ValueKind == JsonValueKind.Object:
                    foreach (var key in property.Value.EnumerateObject())
                    {
                        var isNew = key.Name.Length is > 0 and <= LongestName && key.Name.All(static each => each is > ' ' and < '\u007f')
                            && named.TryAdd(key.Name, KeyOf(key.Value, $"kms key {key.Name}"));
                        if (!isNew)
                        {
                            throw new FormatException($"kms key names must be different, up to {LongestName} visible ASCII characters.");
                        }
                    }

                    break;
                default:
                    throw new FormatException($"\"{property.Name}\" is unknown or of the wrong type: "
                        + "write \"master\": \"...\", \"oldMasters\": [\"...\"], \"kms\": {\"name\": \"...\"}.");
            }
        }

        return new(masters, named);
    }

    private static byte[] KeyOf(JsonElement element, string what)
    {
        try
        {
            return ParseKey(element.ValueKind == JsonValueKind.String ? element.GetString()! : "");
        }
        catch (FormatException problem)
        {
            throw new FormatException($"{what} {problem.Message}", problem);
        }
    }
}
