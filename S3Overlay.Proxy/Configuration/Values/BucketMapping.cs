using System.Text;
using System.Text.Json;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>A client's bucket, or its keys under a prefix, and where they continue on a remote.</summary>
/// <param name="Local">The name clients use.</param>
/// <param name="Remote">The bucket's name on the remote.</param>
/// <param name="Prefix">The prefix of every key there, ending in a slash; empty for none.</param>
public sealed record BucketMapping(string Local, string Remote, string Prefix)
{
    /// <summary>
    /// The prefix of the client's keys, which <see cref="Prefix"/> replaces. Ends in a slash; empty for the whole bucket.
    /// </summary>
    public string LocalPrefix { get; init; } = "";

    /// <summary>The client's side: <c>bucket</c> or <c>bucket/prefix/</c>.</summary>
    public string Here => LocalPrefix.Length == 0 ? Local : $"{Local}/{LocalPrefix}";

    /// <summary>The remote's side: <c>bucket</c> or <c>bucket/prefix/</c>.</summary>
    public string There => Prefix.Length == 0 ? Remote : $"{Remote}/{Prefix}";

    /// <summary>Parses <c>local1:remote1,local2:remote2/prefix</c>, with spaces or line ends anywhere between, or a JSON object.</summary>
    /// <exception cref="FormatException">Names every bad entry.</exception>
    public static IReadOnlyList<BucketMapping> Parse(string text)
    {
        var entries = Entries(text).ToList();
        var problems = entries.Where(static entry => entry.There is null)
            .Select(static entry => $"entry \"{entry.Here}\" is not local:remote").ToList();
        var mappings = Rows(entries.Where(static entry => entry.There is not null), hasLocalPrefixes: false, problems);
        return problems.Count == 0
            ? mappings
            : throw new FormatException(string.Join("; ", problems) + ". Write local1:remote1,local2:remote2/prefix.");
    }

    /// <summary>The pairs in a list or JSON object. The second half is null if there is none.</summary>
    /// <exception cref="FormatException">Starts like a JSON object, but is not one with only texts.</exception>
    internal static IEnumerable<(string Here, string? There)> Entries(string text) => text.TrimStart().StartsWith('{')
        ? EntriesOfJson(text)
        : text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(entry =>
            entry.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } here, { Length: > 0 } there]
                ? (here, there)
                : (entry, (string?)null));

    /// <summary>Parses pairs. One without a second half has the same names on both sides.</summary>
    internal static List<BucketMapping> Rows(
        IEnumerable<(string Here, string? There)> entries, bool hasLocalPrefixes, List<string> problems)
    {
        var rows = new List<BucketMapping>();
        foreach (var (here, there) in entries)
        {
            var (local, localPrefix) = hasLocalPrefixes ? Split(here) : (here, "");
            var (remote, prefix) = Split(there ?? here);
            if (new[] { local, remote }.FirstOrDefault(static name => !BucketNames.IsAddressable(name)) is { } bad)
            {
                problems.Add($"\"{bad}\" is not a bucket name");
            }
            else if (IsTooLong(localPrefix) || IsTooLong(prefix))
            {
                problems.Add($"the prefix of \"{local}\" leaves no room for keys, which have {ObjectKeys.MaxBytes} bytes at most");
            }
            else if (rows.Exists(row => row.Local == local && row.LocalPrefix == localPrefix))
            {
                problems.Add($"\"{here}\" is mapped twice");
            }
            else
            {
                rows.Add(new(local, remote, prefix) { LocalPrefix = localPrefix });
            }
        }

        return rows;
    }

    /// <summary>A prefix is a folder: without a slash at its end, "photos" would include the keys of "photos-2".</summary>
    private static (string Bucket, string Prefix) Split(string place)
    {
        var slash = place.IndexOf('/');
        var prefix = slash < 0 ? "" : place[(slash + 1)..];
        return (slash < 0 ? place : place[..slash], prefix.Length == 0 || prefix.EndsWith('/') ? prefix : prefix + "/");
    }

    private static bool IsTooLong(string prefix) => Encoding.UTF8.GetByteCount(prefix) >= ObjectKeys.MaxBytes;

    private static List<(string Here, string? There)> EntriesOfJson(string text)
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
            throw new FormatException(
                $"not a JSON object ({problem.Message.TrimEnd('.')}). Write {{\"local\": \"remote/prefix\"}}.", problem);
        }
    }
}
