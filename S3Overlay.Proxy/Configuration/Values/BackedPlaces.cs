namespace S3Overlay.Proxy.Configuration.Values;

/// <summary>What a remote backs (rule M1).</summary>
/// <param name="Rows">Buckets, and prefixes of buckets, by name.</param>
/// <param name="IsEverythingElse">True if it also backs everything that no remote names, under the same names (<c>*</c>).</param>
public sealed record BackedPlaces(IReadOnlyList<BucketMapping> Rows, bool IsEverythingElse)
{
    /// <summary>Means everything else.</summary>
    public const string Everything = "*";

    /// <summary>
    /// Parses <c>bucket,bucket/prefix/,here:there,here/prefix/:there/other/,*</c>, with spaces or line ends anywhere between, or a JSON
    /// object, whose values may be empty for the same names.
    /// </summary>
    /// <exception cref="FormatException">Names every bad entry.</exception>
    public static BackedPlaces Parse(string text)
    {
        var entries = BucketMapping.Entries(text).ToLookup(static entry => entry.Here == Everything);
        var problems = entries[true].Where(static entry => entry.There is not null)
            .Select(static entry => $"\"{Everything}\" keeps every bucket's name and cannot be \"{entry.There}\" there").ToList();
        var places = new BackedPlaces(BucketMapping.Rows(entries[false], hasLocalPrefixes: true, problems), entries.Contains(true));
        if (places is { Rows.Count: 0, IsEverythingElse: false } && problems.Count == 0)
        {
            problems.Add("names nothing");
        }

        return problems.Count == 0
            ? places
            : throw new FormatException(
                string.Join("; ", problems) + ". Write bucket,bucket/prefix/,here:there,here/prefix/:there/prefix/ or *.");
    }
}
