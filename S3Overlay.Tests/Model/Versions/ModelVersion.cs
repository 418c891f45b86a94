namespace S3Overlay.Tests.Model.Versions;

/// <summary>A version of a key, or a delete marker.</summary>
/// <param name="Id">Its id, or <see cref="Unknown"/>.</param>
/// <param name="Object">Null for a delete marker.</param>
/// <param name="Written">When it was written. An object that was copied here for a sub-resource keeps the date that it had.</param>
internal sealed record ModelVersion(string Id, ObjectVersion? Object, DateTimeOffset Written)
{
    public const string Null = "null";

    /// <summary>An id that no response has shown yet.</summary>
    public const string Unknown = "?";

    public string Tags { get; init; } = "";

    public ModelLock Lock { get; init; } = ModelLock.None;

    public ModelAcl Acl { get; init; }

    /// <summary>Whether it is a copy of the remote's object, made for its tags, lock or ACL.</summary>
    public bool IsCopiedUp { get; init; }

    public bool IsMarker => Object is null;

    public override string ToString() => IsMarker ? $"marker {Id}"
        : $"{Id} {Object} tags \"{Tags}\" lock {Lock} acl {Acl}{(IsCopiedUp ? " copied up" : "")} of {ModelLock.Date(Written)}";
}

internal enum ModelAcl
{
    Private,

    PublicRead,

    /// <summary>The second account may read.</summary>
    OtherReads,
}
