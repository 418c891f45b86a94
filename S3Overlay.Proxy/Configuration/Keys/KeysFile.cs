using System.Text.Json;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>
/// Reads a file of client keys: <c>[{"accessKey": "...", "secretKey": "...", "rights": {"photos-*": "read"}, "admin": false, "local":
/// {"accessKey": "...", "secretKey": "..."}}]</c>.
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
    public static IReadOnlyList<ClientKey> Parse(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new FormatException(
                    "must hold a JSON list: [{\"accessKey\": \"...\", \"secretKey\": \"...\", \"rights\": {\"*\": \"write\"}}].");
            }

            var keys = new List<ClientKey>();
            var problems = new List<string>();
            foreach (var json in document.RootElement.EnumerateArray())
            {
                var entry = new KeyEntry(json);
                problems.AddRange(entry.Problems.Select(problem => $"entry {keys.Count + 1}{entry.Name} {problem}"));
                if (entry.Name.Length > 0 && keys.Exists(key => key.AccessKey == entry.Key.AccessKey))
                {
                    problems.Add($"entry {keys.Count + 1}{entry.Name} is there twice");
                }

                keys.Add(entry.Key);
            }

            if (keys.Count == 0)
            {
                problems.Add("has no keys");
            }

            return problems.Count == 0 ? keys : throw new FormatException(string.Join("; ", problems) + ".");
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
}
