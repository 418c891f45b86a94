namespace S3Overlay.WebConsole.Pages.Browse;

/// <summary>
/// A list that may have a million rows, of which it holds a few pages: those that were shown last. Of each other page it knows only the
/// row before it, and reads it again when it is scrolled to.
/// </summary>
/// <param name="read">Reads the page after a row.</param>
/// <param name="first">The row before the first page; empty for the start.</param>
internal sealed class RowWindow(Func<string, CancellationToken, Task<RowPage>> read, string first)
{
    /// <summary>Pages that are held.</summary>
    public const int KeptPages = 4;

    /// <summary>The most pages. Browsers do not show elements that are much higher; a link leads to what follows.</summary>
    public const int MostPages = 500;

    private readonly List<string> _starts = [first];
    private readonly LinkedList<(int Page, IReadOnlyList<BrowseRow> Rows)> _kept = [];

    /// <summary>Rows that are known to be there. Grows while it is scrolled.</summary>
    public int Known { get; private set; }

    /// <summary>Whether the end was not seen yet.</summary>
    public bool HasMore { get; private set; } = true;

    /// <summary>The last row, if more rows follow than a browser can show; otherwise null.</summary>
    public string? Cut { get; private set; }

    /// <summary>How many rows to make room for: one more than are known, if there are more.</summary>
    public int Room => Known + (HasMore ? 1 : 0);

    /// <summary>Reads rows, and first of all the pages that they are on.</summary>
    public async Task<IReadOnlyList<BrowseRow>> ReadAsync(int start, int count, CancellationToken cancellationToken)
    {
        var rows = new List<BrowseRow>(count);
        for (var page = start / RowSource.PageRows; page < _starts.Count && rows.Count < count; page++)
        {
            var from = Math.Max(start - (page * RowSource.PageRows), 0);
            var found = await PageAsync(page, cancellationToken);
            rows.AddRange(found.Skip(from).Take(count - rows.Count));
            if (found.Count < RowSource.PageRows)
            {
                break;
            }
        }

        return rows;
    }

    private async Task<IReadOnlyList<BrowseRow>> PageAsync(int page, CancellationToken cancellationToken)
    {
        for (var node = _kept.First; node is not null; node = node.Next)
        {
            if (node.Value.Page == page)
            {
                _kept.Remove(node);
                _kept.AddFirst(node);
                return node.Value.Rows;
            }
        }

        var found = await read(_starts[page], cancellationToken);
        _kept.AddFirst((page, found.Rows));
        if (_kept.Count > KeptPages)
        {
            _kept.RemoveLast();
        }

        Learn(page, found);
        return found.Rows;
    }

    /// <summary>Reads all pages again, as they are shown. Where each begins is kept, so that the place in the list is.</summary>
    public void Forget() => _kept.Clear();

    private void Learn(int page, RowPage found)
    {
        if (page < _starts.Count - 1)
        {
            if (found.HasMore && found.Rows[^1].Name == _starts[page + 1])
            {
                return;
            }

            // Keys were written or deleted since. Pages that follow must begin where this one ends: no row twice, and none left out.
            ForgetAfter(page);
            if (found.HasMore)
            {
                _starts[page + 1] = found.Rows[^1].Name;
                return;
            }

            _starts.RemoveRange(page + 1, _starts.Count - page - 1);
        }

        Known = (page * RowSource.PageRows) + found.Rows.Count;
        HasMore = found.HasMore && _starts.Count < MostPages;
        if (HasMore)
        {
            _starts.Add(found.Rows[^1].Name);
        }

        Cut = found.HasMore && !HasMore ? found.Rows[^1].Name : null;
    }

    private void ForgetAfter(int page)
    {
        for (var node = _kept.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Page > page)
            {
                _kept.Remove(node);
            }

            node = next;
        }
    }
}
