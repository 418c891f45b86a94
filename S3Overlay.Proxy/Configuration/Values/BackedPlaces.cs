using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;

namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>What a remote is for (rule M1).</summary>
/// <param name="Rows">Buckets, and prefixes of buckets, by name.</param>
/// <param name="IsEverythingElse">Whether it has everything that nothing else is named for, under the same names (<c>*</c>).</param>
public sealed record BackedPlaces(IReadOnlyList<BucketMapping> Rows, bool IsEverythingElse)
{
    /// <summary>Means everything else.</summary>
    public const string Everything = "*";

    /// <summary>
    /// Reads <c>bucket,bucket/prefix/,here:there,here/prefix/:there/other/,*</c>, with spaces or line ends anywhere between, or a JSON
    /// object, whose values may be empty for the same names.
    /// </summary>
    /// <exception cref="FormatException">Names every bad entry.</exception>
    public static BackedPlaces Parse(string text)
    {
        var rows = new List<BucketMapping>();
        var problems = new List<string>();
        var isEverythingElse = false;
        foreach (var (here, there) in MappingEntries.Read(text.Trim()))
        {
            if (here == Everything)
            {
                isEverythingElse = true;
                if (there is not null)
                {
                    problems.Add($"\"{Everything}\" keeps every bucket's name and cannot be \"{there}\" there");
                }

                continue;
            }

            var (local, localPrefix) = MappingEntries.Split(here);
            var (remote, remotePrefix) = there is null ? (local, localPrefix) : MappingEntries.Split(there);
            if (!BucketNames.IsAddressable(local) || !BucketNames.IsAddressable(remote))
            {
                problems.Add($"\"{(BucketNames.IsAddressable(local) ? remote : local)}\" is not a bucket name");
            }
            else if (MappingEntries.IsTooLong(localPrefix) || MappingEntries.IsTooLong(remotePrefix))
            {
                problems.Add($"the prefix of \"{local}\" leaves no room for keys, which have {ObjectKeys.MaxBytes} bytes at most");
            }
            else if (rows.Exists(row => row.Local == local && row.LocalPrefix == localPrefix))
            {
                problems.Add($"\"{here}\" is there twice");
            }
            else
            {
                rows.Add(new(local, remote, remotePrefix) { LocalPrefix = localPrefix });
            }
        }

        if (rows.Count == 0 && !isEverythingElse && problems.Count == 0)
        {
            problems.Add("names nothing");
        }

        return problems.Count == 0
            ? new(rows, isEverythingElse)
            : throw new FormatException(
                string.Join("; ", problems) + ". Write bucket,bucket/prefix/,here:there,here/prefix/:there/prefix/ or *.");
    }
}
