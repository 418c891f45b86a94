using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>A bucket of the client's view, or its keys under a prefix, and what lies below.</summary>
/// <param name="Local">The name clients use.</param>
/// <param name="Remote">The bucket's name on the remote.</param>
/// <param name="Prefix">The prefix of every key there, ending in a slash; empty for none.</param>
public sealed record BucketMapping(string Local, string Remote, string Prefix)
{
    /// <summary>
    /// The prefix of the client's keys that is meant, always ending in a slash and replaced by <see cref="Prefix"/>; empty for the whole
    /// bucket.
    /// </summary>
    public string LocalPrefix { get; init; } = "";

    /// <summary>What it is of here: a bucket, or a bucket and a prefix.</summary>
    public string Here => LocalPrefix.Length == 0 ? Local : $"{Local}/{LocalPrefix}";

    /// <summary>What it is of there.</summary>
    public string There => Prefix.Length == 0 ? Remote : $"{Remote}/{Prefix}";

    /// <summary>
    /// Reads <c>local1:remote1,local2:remote2/prefix</c>, with spaces or line ends anywhere between, or the same as a JSON object.
    /// </summary>
    /// <exception cref="FormatException">Names every bad entry.</exception>
    public static IReadOnlyList<BucketMapping> Parse(string text)
    {
        var mappings = new List<BucketMapping>();
        var problems = new List<string>();
        foreach (var (local, remote) in MappingEntries.Read(text.Trim()))
        {
            if (remote is null)
            {
                problems.Add($"entry \"{local}\" is not local:remote");
                continue;
            }

            var (bucket, prefix) = MappingEntries.Split(remote);
            if (!BucketNames.IsAddressable(local))
            {
                problems.Add($"\"{local}\" is not a bucket name");
            }
            else if (!BucketNames.IsAddressable(bucket))
            {
                problems.Add($"\"{bucket}\" is not a bucket name");
            }
            else if (MappingEntries.IsTooLong(prefix))
            {
                problems.Add($"the prefix of \"{local}\" leaves no room for keys, which have {ObjectKeys.MaxBytes} bytes at most");
            }
            else if (mappings.Exists(mapping => mapping.Local == local))
            {
                problems.Add($"\"{local}\" is mapped twice");
            }
            else
            {
                mappings.Add(new(local, bucket, prefix));
            }
        }

        return problems.Count == 0
            ? mappings
            : throw new FormatException(string.Join("; ", problems) + ". Write local1:remote1,local2:remote2/prefix.");
    }
}
