using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Cache;

/// <summary>
/// Cache entries, a page at a time. In the order of keys there is no end to the pages, and only one of them is in memory; in any other
/// order the proxy sorts all entries, and the console has the first <see cref="MostSorted"/>.
/// </summary>
internal sealed class EntryPages(ProxyGateway gateway, TimeProvider time)
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

    /// <summary>How often the page was read. What arrives after a later read began is of no use.</summary>
    private int _round;

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

    /// <summary>When they were read.</summary>
    public DateTimeOffset At { get; private set; }

    /// <summary>Whether there is a page before this one.</summary>
    public bool HasPrevious => IsSorted ? _at > 0 : _before.Count > 0;

    /// <summary>Whether there is a page behind this one.</summary>
    public bool HasNext => IsSorted ? _at + PageSize < Math.Min(_read.Count, MostSorted) : _read.Count > PageSize;

    /// <summary>Whether a sorted list has an end that is none.</summary>
    public bool IsCut => IsSorted && _read.Count > MostSorted && !HasNext;

    private bool IsSorted => Order != EntryOrder.Key;

    /// <summary>Begins with the first page of other entries, or of another order. What was shown stays until it is there.</summary>
    public async Task OpenAsync(CacheTarget target, EntryOrder order, CancellationToken cancellationToken)
    {
        try
        {
            if (await ReadAsync(target, order, null, cancellationToken) is { } read)
            {
                Begin(read);
            }
        }
        catch (ProxyError)
        {
            Begin([]);
            throw;
        }

        void Begin(List<CacheEntryDocument> read)
        {
            (Target, Order, _after, _at, _read) = (target, order, null, 0, read);
            _before.Clear();
        }
    }

    /// <summary>Goes on to the next page.</summary>
    public async Task NextAsync(CancellationToken cancellationToken)
    {
        if (!HasNext)
        {
            return;
        }

        if (IsSorted)
        {
            _at += PageSize;
            return;
        }

        var behind = _read[PageSize - 1].Name;
        if (await ReadAsync(Target, Order, behind, cancellationToken) is { } read)
        {
            _before.Push(_after);
            (_after, _read) = (behind, read);
        }
    }

    /// <summary>Goes back to the page before.</summary>
    public async Task PreviousAsync(CancellationToken cancellationToken)
    {
        if (!HasPrevious)
        {
            return;
        }

        if (IsSorted)
        {
            _at -= PageSize;
            return;
        }

        if (await ReadAsync(Target, Order, _before.Peek(), cancellationToken) is { } read)
        {
            (_after, _read) = (_before.Pop(), read);
        }
    }

    /// <summary>Reads the page again.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(Target, Order, _after, cancellationToken) is not { } read)
        {
            return;
        }

        _read = read;
        _at = Math.Min(_at, Math.Max(0, (read.Count - 1) / PageSize * PageSize));
        for (var pages = _before.Count; _read.Count == 0 && pages > 0 && pages == _before.Count; pages--)
        {
            // Its last entries are gone.
            await PreviousAsync(cancellationToken);
        }
    }

    /// <summary>Reads entries.</summary>
    /// <returns>Null if the user asked for something else in between.</returns>
    private async Task<List<CacheEntryDocument>?> ReadAsync(
        CacheTarget target, EntryOrder order, string? after, CancellationToken cancellationToken)
    {
        var round = ++_round;
        var isSorted = order != EntryOrder.Key;
        var query = target.Query().With("sort", isSorted ? order.ToString().ToLowerInvariant() : null).With("after", after)
            .With("limit", $"{(isSorted ? MostSorted : PageSize) + 1}");
        List<CacheEntryDocument> read = [];
        await foreach (var entry in gateway.ListAsync<CacheEntryDocument>("cached", query, cancellationToken))
        {
            read.Add(entry);
        }

        At = round == _round ? time.GetUtcNow() : At;
        return round == _round ? read : null;
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
