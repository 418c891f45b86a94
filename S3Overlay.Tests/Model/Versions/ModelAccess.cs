namespace S3Overlay.Tests.Model.Versions;

/// <summary>Who may read what in a bucket of the first account.</summary>
internal sealed record ModelAccess
{
    public bool HasAcls { get; init; }

    /// <summary>Whether public access is blocked.</summary>
    public bool IsBlocked { get; init; } = true;

    public ModelPolicy Policy { get; init; }

    /// <summary>The ACL of the bucket.</summary>
    public ModelAcl Acl { get; init; }

    /// <summary>Whether the policy opens something to everybody.</summary>
    public bool IsPublic => Policy is ModelPolicy.PublicRead or ModelPolicy.PublicReadButOther;

    /// <summary>Whether a read of a written object is allowed.</summary>
    /// <param name="names">Whether it names a version.</param>
    public bool MayRead(ModelCaller caller, ModelAcl acl, bool names)
    {
        if (caller is ModelCaller.Owner or ModelCaller.Clerk)
        {
            return true;
        }

        var isOther = caller == ModelCaller.Other;
        if (IsDenied(caller) || (IsPublic && IsBlocked))
        {
            return false;
        }

        return Policy switch
        {
            ModelPolicy.PublicRead or ModelPolicy.PublicReadButOther when !names => true,
            ModelPolicy.OtherReads when isOther => true,
            _ => HasAcls && Grants(acl, isOther),
        };
    }

    /// <summary>Whether a statement denies reads. Nothing wins over that.</summary>
    public bool IsDenied(ModelCaller caller) => Policy == ModelPolicy.PublicReadButOther && caller == ModelCaller.Other;

    /// <summary>Whether the bucket may be listed. Only then is a missing object 404.</summary>
    public bool MayList(ModelCaller caller)
    {
        if (caller is ModelCaller.Owner or ModelCaller.Clerk)
        {
            return true;
        }

        var isOther = caller == ModelCaller.Other;
        return !(IsPublic && IsBlocked) && ((Policy == ModelPolicy.OtherReads && isOther) || (HasAcls && Grants(Acl, isOther)));
    }

    private bool Grants(ModelAcl acl, bool isOther) => acl switch
    {
        ModelAcl.PublicRead => !IsBlocked,
        ModelAcl.OtherReads => isOther,
        _ => false,
    };
}

internal enum ModelPolicy
{
    None,

    /// <summary>Everybody may read objects, but no older versions.</summary>
    PublicRead,

    /// <summary>The same, and the second account is denied all reads.</summary>
    PublicReadButOther,

    /// <summary>The second account may read and list.</summary>
    OtherReads,

    /// <summary>All are denied to delete versions, also the owner.</summary>
    KeepsVersions,
}

internal enum ModelCaller
{
    /// <summary>Has all rights.</summary>
    Owner,

    /// <summary>Of the same account. May write, and cannot bypass governance.</summary>
    Clerk,

    /// <summary>Has all rights in buckets of another account.</summary>
    Other,

    Anonymous,
}
