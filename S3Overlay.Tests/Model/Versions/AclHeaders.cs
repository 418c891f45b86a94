namespace S3Overlay.Tests.Model.Versions;

/// <summary>ACLs as headers of requests.</summary>
internal static class AclHeaders
{
    public static (string Name, string Value) Of(ModelAcl acl) => acl switch
    {
        ModelAcl.PublicRead => ("x-amz-acl", "public-read"),
        ModelAcl.OtherReads => ("x-amz-grant-read", "id=\"alt-id\""),
        _ => ("x-amz-acl", "private"),
    };

    /// <summary>The response to an ACL that must not be set. Null if it may be.</summary>
    public static ModelOutcome? Refusal(ModelAccess access, ModelAcl acl) =>
        !access.HasAcls ? new(400, "AccessControlListNotSupported")
            : acl == ModelAcl.PublicRead && access.IsBlocked ? new(403, "AccessDenied") : null;
}
