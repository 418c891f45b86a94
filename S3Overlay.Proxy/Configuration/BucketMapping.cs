using System.Text.Json;

using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration;

/// <summary>A bucket of the client's view and what lies below it.</summary>
/// <param name="Local">The name clients use.</param>
/// <param name="Remote">The bucket's name on the remote.</param>
/// <param name="Prefix">What stands before every key there, always ending in a slash; empty for none.</param>
public sealed record BucketMapping(string Local, string Remote, string Prefix)
{
    /// <summary>
    /// Reads <c>local1:remote1,local2:remote2/prefix</c>, with spaces or line ends anywhere between, or the same as a JSON object.
    /// </summary>
    /// <exception cref="FormatException">Names every bad entry.</exception>
    public static IReadOnlyList<BucketMapping> Parse(string text)
    {
        var mappings = new List<BucketMapping>();
        var problems = new List<string>();
        foreach (var (local, remote) in Entries(text.Trim()))
        {
            if (remote is null)
            {
                problems.Add($"entry \"{local}\" is not local:remote");
                continue;
            }

            var slash = remote.IndexOf('/');
            var bucket = slash < 0 ? remote : remote[..slash];
            var prefix = slash < 0 ? "" : remote[(slash + 1)..];
            if (!BucketNames.IsAddressable(local))
            {
                problems.Add($"\"{local}\" is not a bucket name");
            }
            else if (!BucketNames.IsAddressable(bucket))
            {
                problems.Add($"\"{bucket}\" is not a bucket name");
            }
            else if (mappings.Exists(mapping => mapping.Local == local))
            {
                problems.Add($"\"{local}\" is mapped twice");
            }
            else
            {
                // A folder is what people mean: without the slash, "prefix" would show the keys of "prefix-2" too.
                mappings.Add(new(local, bucket, prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/"));
            }
        }

        return problems.Count == 0
            ? mappings
            : throw new FormatException(string.Join("; ", problems) + ". Write local1:remote1,local2:remote2/prefix.");
    }

    private static IEnumerable<(string Local, string? Remote)> Entries(string text)
    {
        if (text.StartsWith('{'))
        {
            return JsonEntries(text);
        }

        return text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(entry =>
            entry.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } local, { Length: > 0 } remote]
                ? (local, remote)
                : (entry, (string?)null));
    }

    private static List<(string Local, string? Remote)> JsonEntries(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject().Select(property => (
                property.Name,
                property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null))];
        }
        catch (JsonException problem)
        {
            throw new FormatException($"not a JSON object ({problem.Message.TrimEnd('.')}). Write {{\"local\": \"remote/prefix\"}}.", problem);
        }
    }
}
