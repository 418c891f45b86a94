using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Tests.Protocol.Access;

/// <summary>Rights, owners, ACLs and access blocks together.</summary>
[Trait("Rule", "A2")]
public sealed class AccessEvaluatorTests
{
    private static readonly AccessCaller Main = new(new Account("main", "Main"), "MAIN");
    private static readonly AccessCaller Alt = new(new Account("alt", "Alt"), "ALT");

    private static readonly BucketAccess WithAcls = new()
    {
        OwnerId = "main",
        Ownership = ObjectOwnership.ObjectWriter,
        Block = PublicAccessBlock.None,
    };

    [Fact]
    public void Rights_count_in_buckets_of_the_keys_own_account_and_in_those_without_one()
    {
        Assert.Equal(AccessDecision.Allowed, Judge(S3Operation.PutObject, Main, WithAcls, hasRight: true));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.PutObject, Main, WithAcls, hasRight: false));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.PutObject, Alt, WithAcls, hasRight: true));
        Assert.Equal(AccessDecision.Allowed, Judge(S3Operation.PutObject, Alt, WithAcls with { OwnerId = null }, hasRight: true));
    }

    [Fact]
    public void An_object_of_another_account_is_that_accounts()
    {
        var item = new ObjectAccess("alt", null);
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, Main, WithAcls, hasRight: true, item));
        Assert.Equal(AccessDecision.Allowed, Judge(S3Operation.GetObject, Alt, WithAcls, hasRight: true, item));
        Assert.Equal(AccessDecision.Allowed, Judge(S3Operation.DeleteObject, Main, WithAcls, hasRight: true, item));
        var enforced = WithAcls with { Ownership = ObjectOwnership.BucketOwnerEnforced };
        Assert.Equal(AccessDecision.Allowed, Judge(S3Operation.GetObject, Main, enforced, hasRight: true, item));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, Alt, enforced, hasRight: true, item));
    }

    [Theory]
    [InlineData(AclPermission.Read, S3Operation.ListObjects, true)]
    [InlineData(AclPermission.Read, S3Operation.PutObject, false)]
    [InlineData(AclPermission.Write, S3Operation.PutObject, true)]
    [InlineData(AclPermission.Write, S3Operation.DeleteObject, true)]
    [InlineData(AclPermission.Write, S3Operation.ListObjects, false)]
    [InlineData(AclPermission.FullControl, S3Operation.ListObjectVersions, true)]
    [InlineData(AclPermission.FullControl, S3Operation.DeleteBucket, false)]
    public void A_grant_on_the_bucket_opens_what_its_permission_says(AclPermission permission, S3Operation operation, bool isOpened)
    {
        foreach (var (grantee, caller) in ((Grantee, AccessCaller)[])
            [(Grantee.AllUsers, AccessCaller.Anonymous), (Grantee.AuthenticatedUsers, Alt), (Grantee.OfAccount("alt"), Alt)])
        {
            var access = WithAcls with { Acl = new([new(grantee, permission)]) };
            Assert.Equal(isOpened ? AccessDecision.Opened : AccessDecision.Denied, Judge(operation, caller, access, hasRight: false));
            Assert.Equal(AccessDecision.Denied,
                Judge(operation, caller, access with { Ownership = ObjectOwnership.BucketOwnerEnforced }, hasRight: false));
        }
    }

    [Fact]
    public void A_grant_is_for_its_grantee_alone()
    {
        var access = WithAcls with { Acl = new([new(Grantee.OfAccount("other"), AclPermission.FullControl)]) };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.ListObjects, Alt, access, hasRight: true));
        access = WithAcls with { Acl = new([new(Grantee.AuthenticatedUsers, AclPermission.Read)]) };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.ListObjects, AccessCaller.Anonymous, access, hasRight: false));

        // Keys of the owner's account have the rights of the keys file, and no more.
        access = WithAcls with { Acl = AccessControlList.OfOwner("main") };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.ListObjects, Main, access, hasRight: false));
    }

    [Fact]
    public void A_grant_on_an_object_opens_that_object()
    {
        var item = new ObjectAccess(
            null, new([new(Grantee.AllUsers, AclPermission.Read), new(Grantee.OfAccount("alt"), AclPermission.WriteAcp)]));
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.GetObject, AccessCaller.Anonymous, WithAcls, hasRight: false, item));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObjectAcl, AccessCaller.Anonymous, WithAcls, hasRight: false, item));
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.PutObjectAcl, Alt, WithAcls, hasRight: false, item));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObjectTagging, Alt, WithAcls, hasRight: false, item));
        var ignored = WithAcls with { Block = new(false, IgnoresAcls: true, false, false) };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, AccessCaller.Anonymous, ignored, hasRight: false, item));
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.PutObjectAcl, Alt, ignored, hasRight: false, item));
    }

    [Fact]
    public void A_restricted_public_policy_is_for_the_owners_account()
    {
        var access = WithAcls with { Policy = Policy("\"*\"", "s3:GetObject"), Block = new(false, false, false, Restricts: true) };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, Alt, access, hasRight: false, ObjectAccess.Plain));
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.GetObject, Main, access, hasRight: false, ObjectAccess.Plain));
        access = access with { Policy = Policy("{\"AWS\":\"alt\"}", "s3:GetObject") };
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.GetObject, Alt, access, hasRight: false, ObjectAccess.Plain));
    }

    [Fact]
    public void A_policy_says_nothing_about_objects_of_others()
    {
        var access = WithAcls with { Policy = Policy("\"*\"", "s3:GetObject") };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, Main, access, hasRight: false, new("alt", null)));
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.GetObject, Alt, access, hasRight: false, ObjectAccess.Plain));
    }

    [Fact]
    public void No_policy_hands_out_the_policy()
    {
        var access = WithAcls with { Policy = Policy("\"*\"", "*") };
        foreach (var name in (string[])["policy", "ownershipControls", "publicAccessBlock"])
        {
            Assert.Equal(AccessDecision.Denied, Put(Alt, access, true, name));
            Assert.Equal(AccessDecision.Denied, Delete(Main, access, false, name));
        }

        // The owner can undo a policy that denies everything.
        access = WithAcls with { Policy = Policy("\"*\"", "*", "Deny") };
        Assert.Equal(AccessDecision.Allowed, Delete(Main, access, true, "policy"));
        Assert.Equal(AccessDecision.Denied, Delete(Main, access, false, "policy"));
        Assert.Equal(AccessDecision.Denied, Put(Main, access, true, "acl"));
    }

    [Fact]
    public void Only_who_may_list_learns_that_an_object_is_missing()
    {
        var access = WithAcls with { Policy = Policy("\"*\"", "s3:PutObject") };
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.GetObject, Alt, access, hasRight: false));
        access = access with { Acl = new([new(Grantee.AllUsers, AclPermission.Read)]) };
        Assert.Equal(AccessDecision.Opened, Judge(S3Operation.HeadObject, Alt, access, hasRight: false));
        Assert.Equal(AccessDecision.Denied, Judge(S3Operation.HeadObject, Alt, access, hasRight: false, ObjectAccess.Plain));
    }

    private static AccessDecision Put(AccessCaller caller, BucketAccess access, bool hasRight, string configuration) =>
        Judge(S3Operation.PutBucketConfiguration, caller, access, hasRight, null, configuration);

    private static AccessDecision Delete(AccessCaller caller, BucketAccess access, bool hasRight, string configuration) =>
        Judge(S3Operation.DeleteBucketConfiguration, caller, access, hasRight, null, configuration);

    private static AccessDecision Judge(S3Operation operation, AccessCaller caller, BucketAccess access, bool hasRight,
        ObjectAccess? item = null, string? configuration = null) =>
        AccessEvaluator.Judge(new()
        {
            Operation = operation,
            Configuration = configuration,
            Bucket = "b",
            Key = configuration is not null || operation is S3Operation.ListObjects or S3Operation.ListObjectVersions
                or S3Operation.DeleteBucket ? "" : "k",
            Caller = caller,
            HasRight = hasRight,
            MayOwn = hasRight,
            Access = access,
            Object = item,
            IsMissing = item is null && AccessEvaluator.IsOfObject(operation),
        });

    private static BucketPolicy Policy(string principal, string action, string effect = "Allow") => PolicyReader.Read(
        $$"""{"Statement":[{"Effect":"{{effect}}","Principal":{{principal}},"Action":"{{action}}","Resource":"*"}]}""", "b");
}
