namespace S3Overlay.Proxy.Embedded.Deletes;

/// <summary>What a record of the delete log says. The numbers are on disk.</summary>
internal enum DeleteKind : byte
{
    /// <summary>An object was deleted: no older file of that key counts any more, should one turn up.</summary>
    Grave = 1,

    /// <summary>The key was deleted in an overlaid bucket: it hides the remote's (rule D1), and no older file counts.</summary>
    Tombstone = 2,

    /// <summary>The tags of an object were changed: its file still says the old ones.</summary>
    Tags = 3,

    /// <summary>
    /// An administrator took a tombstone back. Its number is the tombstone's own: a version that does not know this kind takes it for one
    /// more grave of that number, which is true.
    /// </summary>
    Discard = 4,

    /// <summary>
    /// The first record of a segment that replaces the segments before it: what they say and still counts stands here again. A version that
    /// does not know this kind takes it for the grave of a key without a name.
    /// </summary>
    Replaces = 5,
}
