using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>The rows of what is below local, of which some may be at hand and others only be asked for.</summary>
public interface IRowsBelow : IListingSource
{
    /// <summary>Whether a row is at hand without asking a remote.</summary>
    bool HasRowAtHand { get; }

    /// <summary>
    /// Whether a remote says that more rows come behind those at hand, and nothing else could turn out to be what it speaks of.
    /// </summary>
    bool PromisesMore { get; }

    /// <summary>Whether no row follows those that were taken. False while only asking would tell.</summary>
    bool IsDone { get; }

    /// <summary>The name of the last row taken of a remote, or the empty string.</summary>
    string LastName { get; }

    /// <summary>The rows of remotes at hand behind the one taken last.</summary>
    IEnumerable<ListingRow> AtHand { get; }

    /// <summary>The row taken last is shown.</summary>
    void NoteShown();
}
