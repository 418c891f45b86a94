using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>Splits a mapping into pairs: entries separated by commas or line ends, or a JSON object.</summary>
internal static class MappingEntries
{
    /// <summary>The pairs. An entry without a second half is returned whole, with null.</summary>
    /// <exception cref="FormatException">What looks like a JSON object is none, or holds something else than text.</exception>
    public static IEnumerable<(string Local, string? Remote)> Read(string text) => text.StartsWith('{')
        ? OfJson(text)
        : text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(entry =>
            entry.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } local, { Length: > 0 } remote]
                ? (local, remote)
                : (entry, (string?)null));

    /// <summary>
    /// Takes a bucket and a prefix apart. A folder is what people mean: without the slash, "prefix" would be the keys of "prefix-2" too.
    /// </summary>
    public static (string Bucket, string Prefix) Split(string place)
    {
        var slash = place.IndexOf('/');
        var prefix = slash < 0 ? "" : place[(slash + 1)..];
        return (slash < 0 ? place : place[..slash], prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/");
    }

    /// <summary>Whether no key fits behind a prefix.</summary>
    public static bool IsTooLong(string prefix) => Encoding.UTF8.GetByteCount(prefix) >= ObjectKeys.MaxBytes;

    private static List<(string Local, string? Remote)> OfJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject().Select(property => (property.Name, property.Value.ValueKind switch
            {
                JsonValueKind.String => property.Value.GetString() is { Length: > 0 } there ? there : null,
                JsonValueKind.Null => null,
                _ => throw new FormatException($"\"{property.Name}\" is not followed by text. Write {{\"local\": \"remote/prefix\"}}."),
            }))];
        }
        catch (JsonException problem)
        {
            throw new FormatException($"not a JSON object ({problem.Message.TrimEnd('.')}). Write {{\"local\": \"remote/prefix\"}}.",
                problem);
        }
    }
}
