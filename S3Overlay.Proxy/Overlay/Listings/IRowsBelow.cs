using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Overlay.Listings;

/// <summary>Rows below the local layer, some of them buffered.</summary>
public interface IRowsBelow : IListingSource
{
    /// <summary>True if a row is buffered.</summary>
    bool HasRowAtHand { get; }

    /// <summary>True if a remote says that more rows follow the buffered ones, and none of those can be hidden.</summary>
    bool PromisesMore { get; }

    /// <summary>True if no row follows those taken. False while only a call would show that.</summary>
    bool IsDone { get; }

    /// <summary>The name of the last row taken from a remote, or the empty string.</summary>
    string LastName { get; }

    /// <summary>The remotes' buffered rows after the one taken last.</summary>
    IEnumerable<ListingRow> AtHand { get; }

    /// <summary>Notes that the row taken last is shown.</summary>
    void NoteShown();
}
