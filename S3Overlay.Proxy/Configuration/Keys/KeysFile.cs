using System.Text.Json;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>
/// Reads a file of client keys: <c>[{"accessKey": "...", "secretKey": "...", "rights": {"photos-*": "read"}, "admin": false}]</c>.
/// </summary>
public static class KeysFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads the file.</summary>
    /// <exception cref="FormatException">Names every bad entry by its position and access key, never by its secret.</exception>
    public static IReadOnlyList<ClientKey> Read(string path)
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
    /// <exception cref="FormatException">Names every bad entry by its position and access key, never by its secret.</exception>
    public static IReadOnlyList<ClientKey> Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new FormatException("must hold a JSON list: [{\"accessKey\": \"...\", \"secretKey\": \"...\", \"rights\": {\"*\": \"write\"}}].");
            }

            var keys = new List<ClientKey>();
            var problems = new List<string>();
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                ReadEntry(entry, keys, problems);
            }

            if (keys.Count == 0 && problems.Count == 0)
            {
                problems.Add("holds no key, so that nobody could sign");
            }

            return problems.Count == 0 ? keys : throw new FormatException(string.Join("; ", problems) + ".");
        }
        catch (JsonException problem)
        {
            // The parser's own message may quote what it stumbled over, which may be a secret.
            throw new FormatException($"is not JSON: see line {problem.LineNumber + 1}, byte {problem.BytePositionInLine}.", problem);
        }
    }

    private static void ReadEntry(JsonElement entry, List<ClientKey> keys, List<string> problems)
    {
        var place = $"entry {keys.Count + problems.Count + 1}";
        if (entry.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{place} is not an object");
            return;
        }

        var accessKey = Text(entry, "accessKey");
        var secretKey = Text(entry, "secretKey");
        place += accessKey.Length > 0 ? $" ({accessKey})" : "";
        var unknown = entry.EnumerateObject().Select(property => property.Name).FirstOrDefault(name => name is not ("accessKey" or "secretKey" or "rights" or "admin"));
        var rights = Rights(entry);
        if (accessKey.Length == 0 || secretKey.Length == 0)
        {
            problems.Add($"{place} lacks accessKey or secretKey");
        }
        else if (accessKey.AsSpan().ContainsAny("/, \t="))
        {
            // The credential scope of a signature is accessKey/date/region/service: a slash in the key could not be told apart.
            problems.Add($"{place}: an accessKey has no slash, comma, equals sign or space");
        }
        else if (unknown is not null)
        {
            problems.Add($"{place} has \"{unknown}\"; known are accessKey, secretKey, rights, admin");
        }
        else if (rights is null)
        {
            problems.Add($"{place} needs rights such as {{\"*\": \"write\"}} or {{\"photos-*\": \"read\"}}");
        }
        else if (entry.TryGetProperty("admin", out var admin) && admin.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            problems.Add($"{place}: admin is true or false");
        }
        else if (keys.Exists(key => key.AccessKey == accessKey))
        {
            problems.Add($"{place} is there twice");
        }
        else
        {
            keys.Add(new(accessKey, secretKey, rights, admin.ValueKind == JsonValueKind.True));
        }
    }

    private static string Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static List<BucketRight>? Rights(JsonElement entry)
    {
        if (!entry.TryGetProperty("rights", out var rights) || rights.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var read = new List<BucketRight>();
        foreach (var right in rights.EnumerateObject())
        {
            switch (right.Value.ValueKind == JsonValueKind.String ? right.Value.GetString() : null)
            {
                case "read":
                    read.Add(new(right.Name, AccessRight.Read));
                    break;
                case "write":
                    read.Add(new(right.Name, AccessRight.Write));
                    break;
                default:
                    return null;
            }
        }

        return read;
    }
}
