using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Requests;

/// <summary>The lines of a page: the newest first, and only so many.</summary>
internal sealed class RequestLines
{
    /// <summary>Lines of a page. Older ones go.</summary>
    public const int Most = 200;

    private readonly LinkedList<RequestLine> _lines = [];

    /// <summary>The lines, the newest first.</summary>
    public IEnumerable<RequestLine> Shown => _lines;

    /// <summary>How many there are.</summary>
    public int Count => _lines.Count;

    /// <summary>How many requests the page did not get since it began.</summary>
    public long Lost { get; private set; }

    /// <summary>Adds requests, the oldest first.</summary>
    public void Add(IEnumerable<TailDocument> requests)
    {
        foreach (var request in requests)
        {
            Add(new RequestLine(
                request, request.Lost is { } lost ? $"{Show.Count(lost)} not shown: more than {RequestsFeed.Rate} a second" : null));
            Lost += request.Lost ?? 0;
        }
    }

    /// <summary>Says that requests are missing from here on.</summary>
    public void NotePause()
    {
        if (_lines.First?.Value is { IsPause: false })
        {
            Add(new RequestLine(null, "paused: what came then is not shown") { IsPause = true });
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _lines.Clear();
        Lost = 0;
    }

    private void Add(RequestLine line)
    {
        _lines.AddFirst(line);
        if (_lines.Count > Most)
        {
            _lines.RemoveLast();
        }
    }
}

/// <summary>A line: a request, or where some are missing.</summary>
/// <param name="request">The request; of no meaning where some are missing.</param>
/// <param name="gap">Why requests are missing here; null for a request.</param>
internal sealed class RequestLine(TailDocument? request, string? gap)
{
    /// <summary>The request.</summary>
    public TailDocument Request => request!;

    /// <summary>Why requests are missing here; null for a request.</summary>
    public string? Gap => gap;

    /// <summary>Whether the user paused here.</summary>
    public bool IsPause { get; init; }
}
