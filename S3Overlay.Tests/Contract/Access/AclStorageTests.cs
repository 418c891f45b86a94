using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Support.EmbeddedBench;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>ACLs on disk.</summary>
[Trait("Rule", "A3")]
public sealed class AclStorageTests
{
    private const string Everybody = "AllUsers";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Acls_survive_a_restart_and_a_rebuild(bool hasVersions)
    {
        await using var bench = await OpenAsync();
        await ConfigureAsync("ownershipControls",
            "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>");
        await ConfigureAsync("publicAccessBlock", "<PublicAccessBlockConfiguration/>");
        if (hasVersions)
        {
            await ConfigureAsync("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
        }

        await bench.PutAsync("begun", [1], ("x-amz-acl", "public-read"));
        await bench.PutAsync("changed", [1]);
        await bench.PutAsync("closed", [1], ("x-amz-acl", "public-read"));
        await SetAsync("changed", "public-read");
        await bench.SendAsync(S3Operation.PutObjectTagging, "changed", TextBody(
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"), "tagging");
        await SetAsync("closed", "private");
        await bench.SendAsync(S3Operation.PutBucketConfiguration, "", null, "acl", ("x-amz-acl", "public-read"));
        await CheckAsync();
        await bench.ReopenAsync();
        await CheckAsync();
        await bench.RebuildAsync();
        await CheckAsync();

        // The log is rewritten without what the files say.
        await bench.Store.Upkeep.BeginAsync(mustCompact: true);
        await bench.Store.Upkeep.Done;
        await bench.RebuildAsync();
        await CheckAsync();
        await bench.PutAsync("changed", [2]);
        Assert.DoesNotContain(Everybody, await AclAsync("changed"), StringComparison.Ordinal);

        async Task CheckAsync()
        {
            Assert.Contains(Everybody, await AclAsync("begun"), StringComparison.Ordinal);
            Assert.Contains(Everybody, await AclAsync("changed"), StringComparison.Ordinal);
            Assert.DoesNotContain(Everybody, await AclAsync("closed"), StringComparison.Ordinal);
            Assert.Contains("<Key>a</Key>", System.Text.Encoding.UTF8.GetString(
                (await bench.SendAsync(S3Operation.GetObjectTagging, "changed", null, "tagging")).Content.Span), StringComparison.Ordinal);
            Assert.Contains(Everybody, System.Text.Encoding.UTF8.GetString(
                (await bench.SendAsync(S3Operation.GetBucketConfiguration, "", null, "acl")).Content.Span), StringComparison.Ordinal);
        }

        async Task<string> AclAsync(string key) =>
            System.Text.Encoding.UTF8.GetString((await bench.SendAsync(S3Operation.GetObjectAcl, key, null, "acl")).Content.Span);

        Task SetAsync(string key, string acl) => bench.SendAsync(S3Operation.PutObjectAcl, key, null, "acl", ("x-amz-acl", acl));

        Task ConfigureAsync(string name, string document) =>
            bench.SendAsync(S3Operation.PutBucketConfiguration, "", TextBody(document), name);
    }
}
