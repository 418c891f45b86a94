using S3Overlay.Proxy.Overlay.Listings;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Tests.Overlay.Listings.Large;

/// <summary>
/// How many remote pages a client's page may cost (rule L2), computed from both layers in a different way than the merge does.
/// </summary>
/// <remarks>
/// A page needs the remote's rows up to the first at or after its own last one. If it is full, no local row follows, and a
/// tombstone does, it needs them up to the next visible row, because only that proves that another page follows. The remote returns as many
/// rows as the page has, plus one. If these are not enough, it returns four times as many each time, up to a thousand, or a thousand at
/// once if none was visible. For each folder among them with t deleted keys and no written one, a probe takes t/1000 + 1 more pages, unless
/// reading through all keys from the first of these folders to the last takes fewer.
/// </remarks>
public sealed class PageCosts
{
    private const int MostRows = 1000;

    /// <summary>The number of folders that are looked into one by one before reading through them is tried.</summary>
    private const int Between = 8;

    private readonly string _prefix;
    private readonly string _delimiter;
    private readonly List<ListingRow> _remote;
    private readonly List<string> _written;
    private readonly Dictionary<string, int> _deletedUnder = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shown = new(StringComparer.Ordinal);

    /// <summary>The costs of listings with a prefix and a delimiter.</summary>
    /// <param name="shown">All rows that a client must see of it.</param>
    public PageCosts(string prefix, string delimiter, IEnumerable<ListingRow> shown)
    {
        (_prefix, _delimiter) = (prefix, delimiter);
        _shown.UnionWith(shown.Select(row => row.Name));
        _remote = RolledUp(ManyKeys.Remote);
        _written = [.. RolledUp(ManyKeys.Written).Select(row => row.Name)];
        foreach (var key in ManyKeys.Deleted)
        {
            if (CommonPrefixOf(key) is { } common)
            {
                _deletedUnder[common] = _deletedUnder.GetValueOrDefault(common) + 1;
            }
        }
    }

    /// <summary>The most that a page may cost.</summary>
    /// <param name="rows">The rows it has.</param>
    public int Most(ListingPosition after, int pageSize, IReadOnlyList<ListingRow> rows)
    {
        var looks = 0;
        var start = after.Name;
        if (!after.IsPrefix && after.Name.StartsWith(_prefix, StringComparison.Ordinal) && CommonPrefixOf(after.Name) is { } open)
        {
            // The rest of the folder that it starts within is looked into by itself.
            (looks, start) = (Looks(open), open);
        }

        var first = FirstAfter(_remote, row => row.Name, start);
        var end = rows.Count < pageSize ? _remote.Count : LastNeeded(first, rows[^1].Name);
        List<string> folders =
        [
            .. _remote.Take(end).Skip(first)
                .Where(row => row.IsPrefix && _deletedUnder.ContainsKey(row.Name)
                    && _written.BinarySearch(row.Name, Utf8Order.Instance) < 0)
                .Select(row => row.Name),
        ];
        if (folders.Count > 0)
        {
            var oneByOne = folders.Sum(Looks) + (folders.Count / Between) + 1;
            looks += Math.Min(oneByOne, (2 * (KeysBetween(folders[0], folders[^1]) / MostRows)) + 3);
        }

        return looks + PagesOf(first, end, pageSize);
    }

    /// <summary>The number of remote keys from the first under one folder to the last under another.</summary>
    private static int KeysBetween(string first, string last) =>
        FirstAfter(ManyKeys.Remote, key => key, ListingBounds.Beyond(last)) - FirstAfter(ManyKeys.Remote, key => key, first);

    private int Looks(string folder) => (_deletedUnder.GetValueOrDefault(folder) / MostRows) + 1;

    private string? CommonPrefixOf(string key) =>
        key.StartsWith(_prefix, StringComparison.Ordinal) ? new ListingQuery(_prefix, _delimiter, ListingPosition.Start, 0)
            .CommonPrefixOf(key) : null;

    private List<ListingRow> RolledUp(IReadOnlyList<string> keys)
    {
        var rows = new List<ListingRow>();
        foreach (var key in keys)
        {
            if (!key.StartsWith(_prefix, StringComparison.Ordinal))
            {
                continue;
            }

            var common = CommonPrefixOf(key);
            if (common is null || rows.Count == 0 || rows[^1].Name != common)
            {
                rows.Add(new ListingRow(common ?? key, common is null ? new ListedObject(0, "", default) : null));
            }
        }

        return rows;
    }

    /// <summary>The remote row after which a full page needs nothing.</summary>
    private int LastNeeded(int first, string last)
    {
        var end = FirstAfter(_remote, row => row.Name, last);
        if (end == first || _remote[end - 1].Name != last)
        {
            // The last row is local's. The remote's next row proves that nothing sorts before it.
            end = Math.Min(end + 1, _remote.Count);
        }

        if (_written.Count > 0 && Utf8Order.Compare(_written[^1], last) > 0)
        {
            return end;
        }

        var behind = end > first ? _remote[end - 1].Name : last;
        if (FirstAfter(ManyKeys.Deleted, key => key, behind) is var deleted
            && (deleted == ManyKeys.Deleted.Count || !ManyKeys.Deleted[deleted].StartsWith(_prefix, StringComparison.Ordinal)))
        {
            return end;
        }

        while (end < _remote.Count && (Utf8Order.Compare(_remote[end].Name, last) <= 0 || !_shown.Contains(_remote[end].Name)))
        {
            end++;
        }

        return Math.Min(end + 1, _remote.Count);
    }

    private int PagesOf(int first, int end, int pageSize)
    {
        var (pages, size) = (0, Math.Min(pageSize + 1, MostRows));
        do
        {
            var next = Math.Min(first + size, _remote.Count);
            size = _remote.Skip(first).Take(next - first).Any(row => _shown.Contains(row.Name)) ? Math.Min(4 * size, MostRows) : MostRows;
            (first, pages) = (next, pages + 1);
        }
        while (first < end);
        return pages;
    }

    private static int FirstAfter<T>(IReadOnlyList<T> sorted, Func<T, string> nameOf, string name)
    {
        var (from, to) = (0, sorted.Count);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (Utf8Order.Compare(nameOf(sorted[middle]), name) > 0)
            {
                to = middle;
            }
            else
            {
                from = middle + 1;
            }
        }

        return from;
    }
}
