using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>
/// Where in the merged view the page is, as its query says it. Names travel in the query, never in the path, where a browser would take
/// <c>..</c> as a way up.
/// </summary>
/// <param name="Bucket">The bucket; null for the list of buckets.</param>
/// <param name="Prefix">What shown keys start with: a folder, and the filter in it.</param>
/// <param name="Key">The object that is open beside the list; null for none.</param>
/// <param name="After">The row that the list begins after; empty for the start.</param>
public sealed record BrowsePlace(string? Bucket, string Prefix = "", string? Key = null, string After = "")
{
    /// <summary>The page without a bucket.</summary>
    public static readonly BrowsePlace Start = new((string?)null);

    /// <summary>The prefix up to its last slash.</summary>
    public string Folder => FolderOf(Prefix);

    /// <summary>What follows it.</summary>
    public string Filter => Prefix[Folder.Length..];

    /// <summary>The link to it, from the root of the console. What follows from the key is left out.</summary>
    public string Url => "browse" + (Bucket is null ? "" : "?" + new ProxyQuery().With("bucket", Bucket)
        .With("prefix", Prefix == DefaultPrefix(Key) ? null : Prefix).With("key", Key).With("after", After.Length == 0 ? null : After));

    /// <summary>The folders from the bucket down to this one, each with its name.</summary>
    public IEnumerable<(string Name, BrowsePlace Place)> Folders
    {
        get
        {
            var folder = Folder;
            for (var at = 0; at < folder.Length;)
            {
                var end = folder.IndexOf('/', at);
                yield return (folder[at..end], new BrowsePlace(Bucket, folder[..(end + 1)]));
                at = end + 1;
            }
        }
    }

    /// <summary>One level up; null at the top.</summary>
    public BrowsePlace? Parent => Bucket is null ? null
        : Prefix.Length == 0 ? Start
        : Filter.Length > 0 ? new BrowsePlace(Bucket, Folder)
        : new BrowsePlace(Bucket, FolderOf(Prefix[..^1]));

    /// <summary>Reads a query. A link that only has a key shows the folder of the key.</summary>
    public static BrowsePlace Of(string? bucket, string? prefix, string? key, string? after)
    {
        key = string.IsNullOrEmpty(key) ? null : key;
        return string.IsNullOrEmpty(bucket) ? Start : new(bucket, prefix ?? DefaultPrefix(key), key, after ?? "");
    }

    /// <summary>The place with an object open.</summary>
    public BrowsePlace Open(string key) => this with { Key = key };

    /// <summary>A folder below.</summary>
    public BrowsePlace Enter(string prefix) => new(Bucket, prefix);

    /// <summary>The name of a row in this folder.</summary>
    public string NameOf(string row) => row.StartsWith(Folder, StringComparison.Ordinal) ? row[Folder.Length..] : row;

    private static string DefaultPrefix(string? key) => key is null ? "" : FolderOf(key);

    private static string FolderOf(string name) => name[..(name.LastIndexOf('/') + 1)];
}
