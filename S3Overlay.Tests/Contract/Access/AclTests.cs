using static S3Overlay.Tests.Contract.Access.AccessScene;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>ACLs and object ownership, over HTTP.</summary>
[Trait("Rule", "A3")]
public sealed class AclTests
{
    private const string Everybody = "http://acs.amazonaws.com/groups/global/AllUsers";

    [Fact]
    public async Task Canned_acls_of_a_bucket_open_it_to_everybody()
    {
        await using var scene = await StartAsync(hasAcls: true);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb");
        await ExpectAsync(403, scene.Clerk, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(403, scene.Alt, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read"));
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb");
        await scene.ExpectAnonymousAsync(200, "HEAD", "/bbb");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await scene.ExpectAnonymousAsync(403, "PUT", "/bbb/new", "value");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb?acl");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "authenticated-read"));
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb");
        await ExpectAsync(200, scene.Alt, "GET", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read-write"));
        await scene.ExpectAnonymousAsync(200, "PUT", "/bbb/new", "value");
        Assert.Contains("<ID>65a011a29cdf8ec533ec3d1ccaae921c</ID>", (await ExpectAsync(200, scene.Main, "GET", "/bbb")).Text,
            StringComparison.Ordinal);
        await ExpectAsync(403, scene.Main, "GET", "/bbb/new");
        await scene.ExpectAnonymousAsync(204, "DELETE", "/bbb/k");
        Assert.Equal("InvalidArgument", (await ExpectAsync(400, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "nonsense"))).Code);
    }

    [Fact]
    public async Task Where_acls_are_disabled_one_that_gives_nothing_away_changes_nothing()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        var shown = (await ExpectAsync(200, scene.Main, "GET", "/bbb/k?acl")).Text;
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k?acl", shown);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k?acl", null, ("x-amz-acl", "private"));
        await ExpectAsync(404, scene.Main, "PUT", "/bbb/missing?acl", null, ("x-amz-acl", "private"));
        Assert.Equal("AccessControlListNotSupported",
            (await ExpectAsync(400, scene.Main, "PUT", "/bbb/k?acl", null, ("x-amz-acl", "public-read"))).Code);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?ownershipControls",
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>");
        Assert.Equal("AccessControlListNotSupported", (await ExpectAsync(400, scene.Main, "PUT", "/bbb/k?acl", shown)).Code);
    }

    [Fact]
    public async Task The_right_to_write_by_an_acl_sets_no_locks_and_no_tags()
    {
        await using var scene = await StartAsync(hasAcls: true);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-acl", "public-read-write"));
        await scene.ExpectAnonymousAsync(403, "PUT", "/bbb/k", "value", ("x-amz-tagging", "a=b"));
        await scene.ExpectAnonymousAsync(403, "PUT", "/bbb/k", "value", ("x-amz-object-lock-legal-hold", "ON"));
        await scene.ExpectAnonymousAsync(200, "PUT", "/bbb/k", "value");
    }

    [Fact]
    public async Task Grants_are_for_accounts_and_groups()
    {
        await using var scene = await StartAsync(hasAcls: true);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-grant-read", "id=\"alt-id\""));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value", ("x-amz-grant-read", $"id=alt-id, uri=\"{Everybody}\""));
        await ExpectAsync(200, scene.Alt, "GET", "/bbb");
        await ExpectAsync(403, scene.Alt, "GET", "/bbb?acl");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        var shown = (await ExpectAsync(200, scene.Main, "GET", "/bbb/k?acl")).Text;
        Assert.Contains("<ID>main-id</ID><DisplayName>Main</DisplayName>", shown, StringComparison.Ordinal);
        Assert.Contains("<ID>alt-id</ID><DisplayName>Alt</DisplayName>", shown, StringComparison.Ordinal);
        Assert.Contains($"<URI>{Everybody}</URI>", shown, StringComparison.Ordinal);

        // What GET shows, PUT accepts.
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k?acl", null, ("x-amz-acl", "private"));
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k?acl", shown);
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k?acl", Document("main-id", Grant("alt-id", "WRITE_ACP")));
        await ExpectAsync(403, scene.Alt, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Alt, "PUT", "/bbb/k?acl", Document("main-id", Grant("alt-id", "FULL_CONTROL")));
        Assert.Equal("value", (await ExpectAsync(200, scene.Alt, "GET", "/bbb/k")).Text);
    }

    [Theory]
    [InlineData("<AccessControlPolicy/>", "MalformedACLError")]
    [InlineData("<Acl/>", "MalformedACLError")]
    [InlineData("<AccessControlPolicy", "MalformedXML")]
    [InlineData("alt-id READS", "MalformedACLError")]
    [InlineData("stranger READ", "InvalidArgument")]
    public async Task Documents_that_are_no_acls_are_refused(string document, string code)
    {
        await using var scene = await StartAsync(hasAcls: true);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        var body = document.StartsWith('<') ? document : Document("main-id", Grant(document.Split(' ')[0], document.Split(' ')[1]));
        foreach (var target in (string[])["/bbb?acl", "/bbb/k?acl"])
        {
            Assert.Equal(code, (await ExpectAsync(400, scene.Main, "PUT", target, body)).Code);
            await ExpectAsync(403, scene.Main, "PUT", target, Document("alt-id", ""));
            Assert.Equal("UnexpectedContent",
                (await ExpectAsync(400, scene.Main, "PUT", target, Document("main-id", ""), ("x-amz-acl", "private"))).Code);
            Assert.Equal("MissingSecurityHeader", (await ExpectAsync(400, scene.Main, "PUT", target)).Code);
            Assert.Equal("InvalidRequest", (await ExpectAsync(
                400, scene.Main, "PUT", target, null, ("x-amz-acl", "private"), ("x-amz-grant-read", "id=alt-id"))).Code);
            await ExpectAsync(405, scene.Main, "PUT", target, null, ("x-amz-grant-read", "emailAddress=a@b.example"));
        }

        await ExpectAsync(403, scene.Alt, "GET", "/bbb/k");
    }

    [Fact]
    public async Task Who_owns_an_object_depends_on_the_ownership_of_the_bucket()
    {
        await using var scene = await StartAsync(hasAcls: true);
        foreach (var (ownership, plain, given) in ((string, string, string)[])
        [
            ("ObjectWriter", "alt-id", "alt-id"), ("BucketOwnerPreferred", "alt-id", "main-id"),
            ("BucketOwnerEnforced", "main-id", "main-id"),
        ])
        {
            await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-object-ownership", ownership));
            Assert.Contains(ownership, (await ExpectAsync(200, scene.Main, "GET", "/bbb?ownershipControls")).Text,
                StringComparison.Ordinal);
            await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Allow", "\"*\"", "*"));
            await ExpectAsync(200, scene.Alt, "PUT", "/bbb/plain", "value");
            await ExpectAsync(200, scene.Alt, "PUT", "/bbb/given", "value", ("x-amz-acl", "bucket-owner-full-control"));
            Assert.Equal(plain, Owner((await ExpectAsync(200, scene.Alt, "GET", "/bbb/plain?acl")).Text));
            Assert.Equal(given, Owner((await ExpectAsync(200, scene.Main, "GET", "/bbb/given?acl")).Text));
            await ExpectAsync(plain == "main-id" ? 200 : 403, scene.Main, "GET", "/bbb/plain");
            await ExpectAsync(200, scene.Main, "GET", "/bbb/given");
            var isEnforced = ownership == "BucketOwnerEnforced";
            foreach (var (target, body) in ((string, string?)[])[("/bbb/more", "v"), ("/bbb/plain?acl", null), ("/bbb?acl", null)])
            {
                var client = target == "/bbb?acl" ? scene.Main : scene.Alt;
                Assert.Equal(isEnforced ? "AccessControlListNotSupported" : "",
                    (await ExpectAsync(isEnforced ? 400 : 200, client, "PUT", target, body, ("x-amz-acl", "private"))).Code);
            }

            foreach (var key in (string[])["plain", "given", "more"])
            {
                await ExpectAsync(204, scene.Main, "DELETE", $"/bbb/{key}");
            }

            await ExpectAsync(204, scene.Main, "DELETE", "/bbb");
        }
    }

    [Fact]
    public async Task Acls_are_disabled_only_where_they_give_nothing_to_others()
    {
        await using var scene = await StartAsync(hasAcls: true);
        const string Enforced =
            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>";
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-acl", "public-read"));
        Assert.Equal("OwnershipControlsNotFoundError", (await ExpectAsync(404, scene.Main, "GET", "/bbb?ownershipControls")).Code);
        Assert.Equal("InvalidBucketAclWithObjectOwnership",
            (await ExpectAsync(400, scene.Main, "PUT", "/bbb?ownershipControls", Enforced)).Code);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value", ("x-amz-acl", "public-read"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "private"));
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        await ExpectAsync(403, scene.Clerk, "PUT", "/bbb?ownershipControls", Enforced);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?ownershipControls", Enforced);
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await ExpectAsync(204, scene.Main, "DELETE", "/bbb?ownershipControls");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        Assert.Equal("MalformedXML", (await ExpectAsync(400, scene.Main, "PUT", "/bbb?ownershipControls", "<OwnershipControls/>")).Code);
    }

    [Fact]
    public async Task A_public_access_block_refuses_and_ignores_public_acls()
    {
        await using var scene = await StartAsync(hasAcls: true);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value", ("x-amz-acl", "public-read"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?publicAccessBlock",
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>");
        await ExpectAsync(403, scene.Main, "PUT", "/bbb/k?acl", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(403, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "authenticated-read"));
        await ExpectAsync(403, scene.Main, "PUT", "/bbb/new", "value", ("x-amz-grant-read", $"uri={Everybody}"));
        await ExpectAsync(404, scene.Main, "HEAD", "/bbb/new");
        await scene.ExpectAnonymousAsync(200, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?publicAccessBlock",
            "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls></PublicAccessBlockConfiguration>");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb/k");
        await scene.ExpectAnonymousAsync(403, "GET", "/bbb");
    }

    [Fact]
    public async Task New_buckets_have_neither_acls_nor_public_access()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        Assert.Contains("BucketOwnerEnforced", (await ExpectAsync(200, scene.Main, "GET", "/bbb?ownershipControls")).Text,
                StringComparison.Ordinal);
        Assert.Equal("AccessControlListNotSupported",
            (await ExpectAsync(400, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read"))).Code);
        Assert.Equal("InvalidBucketAclWithObjectOwnership",
            (await ExpectAsync(400, scene.Main, "PUT", "/ccc", null, ("x-amz-acl", "public-read"))).Code);
        Assert.Equal("InvalidBucketAclWithBlockPublicAccessError", (await ExpectAsync(
            400, scene.Main, "PUT", "/ccc", null, ("x-amz-acl", "public-read"), ("x-amz-object-ownership", "ObjectWriter"))).Code);
        await ExpectAsync(403, scene.Clerk, "PUT", "/ccc", null, ("x-amz-object-ownership", "ObjectWriter"));
        Assert.Equal("InvalidArgument", (await ExpectAsync(400, scene.Main, "PUT", "/ccc", null, ("x-amz-object-ownership", "Mine"))).Code);
        await ExpectAsync(404, scene.Main, "HEAD", "/ccc");
    }

    private static string Owner(string acl) => acl.Split("<Owner><ID>")[1].Split('<')[0];

    private static string Document(string owner, string grants) =>
        $"<AccessControlPolicy><Owner><ID>{owner}</ID></Owner><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>";

    private static string Grant(string id, string permission) =>
        "<Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">"
        + $"<ID>{id}</ID></Grantee><Permission>{permission}</Permission></Grant>";
}
