using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>
/// Changes as rows of one level: the keys at a prefix, and a row for each folder below it. Only rows are kept, and only so many: there may
/// be a million changes.
/// </summary>
/// <param name="bucket">The bucket; null for a row per bucket.</param>
/// <param name="prefix">The prefix.</param>
/// <param name="isFlat">Whether each change is a row.</param>
public sealed class ChangeTree(string? bucket, string prefix, bool isFlat)
{
    /// <summary>The most rows. Further changes are only counted.</summary>
    public const int Most = 1_000;

    private readonly List<ChangeRow> _rows = [];

    /// <summary>The rows, in key order.</summary>
    public IReadOnlyList<ChangeRow> Rows => _rows;

    /// <summary>All changes, also those without a row.</summary>
    public ChangeCount Total { get; } = new();

    /// <summary>Whether there are more rows than are kept.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Adds a change. They come in order, so those of a folder follow each other.</summary>
    public void Add(ChangeDocument change)
    {
        Total.Add(change);
        var folder = isFlat ? null : FolderOf(change);
        if (folder is not null && _rows is [.., { Change: null } last] && last.Bucket == change.Bucket && last.Name == folder)
        {
            last.Count.Add(change);
            return;
        }

        if (_rows.Count == Most)
        {
            HasMore = true;
            return;
        }

        var row = new ChangeRow(change.Bucket, folder ?? change.Key ?? "", folder is null ? change : null);
        row.Count.Add(change);
        _rows.Add(row);
    }

    /// <summary>The folder that a change is counted in: a prefix, or empty for its bucket; null if it has a row of its own.</summary>
    private string? FolderOf(ChangeDocument change)
    {
        if (bucket is null)
        {
            return "";
        }

        var slash = change.Key is { } key && key.Length > prefix.Length ? key.IndexOf('/', prefix.Length) : -1;
        return slash < 0 ? null : change.Key![..(slash + 1)];
    }
}

/// <summary>A row: a change, or a folder of changes.</summary>
public sealed class ChangeRow(string bucket, string name, ChangeDocument? change)
{
    /// <summary>The bucket.</summary>
    public string Bucket => bucket;

    /// <summary>The key; for a folder the prefix, which is empty for the bucket.</summary>
    public string Name => name;

    /// <summary>The change; null for a folder.</summary>
    public ChangeDocument? Change => change;

    /// <summary>What is in the folder.</summary>
    public ChangeCount Count { get; } = new();

    /// <summary>Whether its difference is shown.</summary>
    public bool IsOpen { get; set; }
}

/// <summary>How many changes there are of each kind.</summary>
public sealed class ChangeCount
{
    private readonly long[] _kinds = new long[Enum.GetValues<ChangeKind>().Length];

    /// <summary>All.</summary>
    public long All { get; private set; }

    /// <summary>Bytes of the written objects.</summary>
    public long Bytes { get; private set; }

    /// <summary>Those that the remote has changed too, or may have.</summary>
    public long Upstream { get; private set; }

    /// <summary>Those of a kind.</summary>
    public long this[ChangeKind kind] => _kinds[(int)kind];

    /// <summary>The kinds that there are.</summary>
    public IEnumerable<ChangeKind> Kinds => Enum.GetValues<ChangeKind>().Where(kind => this[kind] > 0);

    /// <summary>Adds one.</summary>
    public void Add(ChangeDocument change)
    {
        All++;
        _kinds[(int)change.Kind]++;
        Bytes += change.Written?.Size ?? 0;
        Upstream += change.Upstream == Gateway.Documents.Upstream.Unchanged ? 0 : 1;
    }
}
