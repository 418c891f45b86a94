using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Contract.Access.AccessScene;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>In a bucket with a remote, policies and ACLs open written objects only.</summary>
[Trait("Rule", "A3")]
public sealed class KeptRemoteTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_remotes_objects_stay_closed_unless_a_setting_shares_them(bool shares)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bbb", "original", "classified"u8.ToArray());
        await using var scene = await StartAsync(hasAcls: true, remote.Endpoint, ("S3_OVERLAY_SHARE_REMOTE", shares ? "true" : "false"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/written", "ours");
        await ExpectAsync(200, scene.Main, "PUT", "/own");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Allow", "\"*\"", "s3:*"));
        await ExpectAsync(200, scene.Main, "GET", "/bbb/original");

        Assert.Equal("ours", (await scene.ExpectAnonymousAsync(200, "GET", "/bbb/written")).Text);
        await scene.ExpectAnonymousAsync(shares ? 200 : 404, "GET", "/bbb/original");
        await scene.ExpectAnonymousAsync(shares ? 200 : 404, "HEAD", "/bbb/original");
        await scene.ExpectAnonymousAsync(shares ? 501 : 404, "GET", "/bbb/original?tagging");
        foreach (var target in (string[])["/bbb", "/bbb?list-type=2", "/bbb?versions"])
        {
            var listing = (await scene.ExpectAnonymousAsync(200, "GET", target)).Text;
            Assert.Contains("written", listing, StringComparison.Ordinal);
            Assert.Equal(shares, listing.Contains("original", StringComparison.Ordinal));
        }

        await ExpectAsync(200, scene.Alt, "PUT", "/alts");
        await ExpectAsync(shares ? 200 : 404, scene.Alt, "PUT", "/alts/copy", null, ("x-amz-copy-source", "/bbb/original"));
        await scene.ExpectAnonymousAsync(shares ? 412 : 403, "PUT", "/bbb/original", "guess", ("If-None-Match", "*"));
        if (!shares)
        {
            await scene.ExpectAnonymousAsync(403, "DELETE", "/bbb/original");
            await scene.ExpectAnonymousAsync(403, "DELETE", "/bbb/written");
            const string Document = "<Delete><Object><Key>original</Key></Object></Delete>";
            var digest = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(Document)));
            var deleted = await scene.ExpectAnonymousAsync(200, "POST", "/bbb?delete", Document, ("Content-MD5", digest));
            Assert.Contains("AccessDenied", deleted.Text, StringComparison.Ordinal);
        }

        Assert.Equal("classified", (await ExpectAsync(200, scene.Main, "GET", "/bbb/original")).Text);
        await scene.ExpectAnonymousAsync(200, "PUT", "/bbb/new", "theirs");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?acl", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(204, scene.Main, "DELETE", "/bbb?policy");
        Assert.Equal(shares, (await scene.ExpectAnonymousAsync(200, "GET", "/bbb")).Text.Contains("original", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_written_object_that_is_opened_to_others_may_be_copied()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bbb", "original", "classified"u8.ToArray());
        await using var scene = await StartAsync(hasAcls: true, remote.Endpoint);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/written", "ours", ("x-amz-acl", "public-read"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/closed", "closed");
        await ExpectAsync(200, scene.Alt, "PUT", "/alts");
        foreach (var target in (string[])["/alts/copy", "/alts/written"])
        {
            await ExpectAsync(200, scene.Alt, "PUT", target, null, ("x-amz-copy-source", "/bbb/written"));
            Assert.Equal("ours", (await ExpectAsync(200, scene.Alt, "GET", target)).Text);
        }

        await ExpectAsync(403, scene.Alt, "PUT", "/alts/copy", null, ("x-amz-copy-source", "/bbb/closed"));
        await ExpectAsync(403, scene.Alt, "PUT", "/alts/copy", null, ("x-amz-copy-source", "/bbb/original"));
        var upload = (await ExpectAsync(200, scene.Alt, "POST", "/alts/part?uploads")).Text;
        var id = upload.Split("<UploadId>")[1].Split('<')[0];
        await ExpectAsync(200, scene.Alt, "PUT", $"/alts/part?partNumber=1&uploadId={id}", null, ("x-amz-copy-source", "/bbb/written"));
        await ExpectAsync(403, scene.Alt, "PUT", $"/alts/part?partNumber=1&uploadId={id}", null, ("x-amz-copy-source", "/bbb/original"));
    }

    /// <summary>Only what is known here is said: an unsigned request never asks the remote.</summary>
    [Fact]
    public async Task An_unsigned_request_learns_that_a_bucket_was_deleted_here()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("ccc", "original", "classified"u8.ToArray());
        await using var scene = await StartAsync(hasAcls: true, remote.Endpoint);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-acl", "public-read"));
        await ExpectAsync(204, scene.Main, "DELETE", "/bbb");
        var before = remote.Requests.Count;
        Assert.Equal("NoSuchBucket", (await scene.ExpectAnonymousAsync(404, "GET", "/bbb/k")).Code);
        Assert.Equal("NoSuchBucket", (await scene.ExpectAnonymousAsync(404, "DELETE", "/bbb/k")).Code);
        await scene.ExpectAnonymousAsync(403, "GET", "/ccc/original");
        await scene.ExpectAnonymousAsync(403, "GET", "/never/k");
        Assert.Equal(before, remote.Requests.Count);
    }

    [Fact]
    public async Task Versions_of_the_remote_are_read_by_their_ids()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bbb", "k", "remote"u8.ToArray());
        await using var scene = await StartAsync(hasAcls: false, remote.Endpoint);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        var response = await scene.Main.SendAsync("GET", "/bbb/k?versionId=3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY");
        Assert.NotEqual(400, response.Status);
        Assert.Contains(remote.Requests, static request => request.RawQuery.Contains("3sL4kqtJlcpXro", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deny_holds_for_the_remotes_objects_too()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bbb", "secret/k", "classified"u8.ToArray());
        remote.Put("bbb", "k", "open"u8.ToArray());
        await using var scene = await StartAsync(hasAcls: false, remote.Endpoint);
        await ExpectAsync(200, scene.Main, "GET", "/bbb/secret/k");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy",
            """{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::bbb/secret/*"}}""");
        await ExpectAsync(403, scene.Main, "GET", "/bbb/secret/k");
        await ExpectAsync(200, scene.Main, "GET", "/bbb/k");
        await ExpectAsync(200, scene.Main, "PUT", "/ccc");
        await ExpectAsync(403, scene.Main, "PUT", "/ccc/k", null, ("x-amz-copy-source", "/bbb/secret/k"));
    }
}
