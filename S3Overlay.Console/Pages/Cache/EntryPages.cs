using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Cache;

/// <summary>
/// Cache entries, a page at a time. In the order of keys there is no end to the pages, and only one of them is in memory; in any other
/// order the proxy sorts all entries, and the console has the first <see cref="MostSorted"/>.
/// </summary>
internal sealed class EntryPages(ProxyGateway gateway)
{
    /// <summary>Entries of a page.</summary>
    public const int PageSize = 100;

    /// <summary>Entries of a sorted list.</summary>
    public const int MostSorted = 1000;

    /// <summary>Where the pages before this one begin, the last one on top.</summary>
    private readonly Stack<string?> _before = [];

    private List<CacheEntryDocument> _read = [];
    private string? _after;
    private int _at;

    /// <summary>Which entries.</summary>
    public CacheTarget Target { get; private set; } = CacheTarget.All;

    /// <summary>Their order.</summary>
    public EntryOrder Order { get; private set; }

    /// <summary>The entries of this page.</summary>
    public IEnumerable<CacheEntryDocument> Shown => _read.Skip(IsSorted ? _at : 0).Take(PageSize);

    /// <summary>The number of the first entry shown.</summary>
    public int First => IsSorted ? _at + 1 : (_before.Count * PageSize) + 1;

    /// <summary>How many are shown.</summary>
    public int Count => Math.Min(PageSize, _read.Count - (IsSorted ? _at : 0));

    /// <summary>Whether there is a page before this one.</summary>
    public bool HasPrevious => IsSorted ? _at > 0 : _before.Count > 0;

    /// <summary>Whether there is a page behind this one.</summary>
    public bool HasNext => IsSorted ? _at + PageSize < Math.Min(_read.Count, MostSorted) : _read.Count > PageSize;

    /// <summary>Whether a sorted list has an end that is none.</summary>
    public bool IsCut => IsSorted && _read.Count > MostSorted && !HasNext;

    private bool IsSorted => Order != EntryOrder.Key;

    /// <summary>Begins with the first page of other entries, or of another order.</summary>
    public Task OpenAsync(CacheTarget target, EntryOrder order, CancellationToken cancellationToken)
    {
        (Target, Order, _after, _at, _read) = (target, order, null, 0, []);
        _before.Clear();
        return RefreshAsync(cancellationToken);
    }

    /// <summary>Goes on to the next page.</summary>
    public Task NextAsync(CancellationToken cancellationToken)
    {
        if (IsSorted)
        {
            _at += PageSize;
            return Task.CompletedTask;
        }

        _before.Push(_after);
        _after = _read[PageSize - 1].Name;
        return RefreshAsync(cancellationToken);
    }

    /// <summary>Goes back to the page before.</summary>
    public Task PreviousAsync(CancellationToken cancellationToken)
    {
        if (IsSorted)
        {
            _at -= PageSize;
            return Task.CompletedTask;
        }

        _after = _before.Pop();
        return RefreshAsync(cancellationToken);
    }

    /// <summary>Reads the page again.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var limit = (IsSorted ? MostSorted : PageSize) + 1;
        var query = Target.Query().With("sort", IsSorted ? Order.ToString().ToLowerInvariant() : null).With("after", _after)
            .With("limit", $"{limit}");
        List<CacheEntryDocument> read = [];
        await foreach (var entry in gateway.ListAsync<CacheEntryDocument>("cached", query, cancellationToken))
        {
            read.Add(entry);
        }

        if (read.Count == 0 && _before.TryPop(out _after))
        {
            // Its last entries are gone.
            await RefreshAsync(cancellationToken);
            return;
        }

        _read = read;
        _at = Math.Min(_at, Math.Max(0, (read.Count - 1) / PageSize * PageSize));
    }
}

/// <summary>The order of entries.</summary>
internal enum EntryOrder
{
    /// <summary>By bucket and key.</summary>
    Key,

    /// <summary>The most cached bytes first.</summary>
    Size,

    /// <summary>The longest time since the remote confirmed it first.</summary>
    Age,

    /// <summary>The longest unused first: the order of eviction.</summary>
    Used,
}
