using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// Clients that are users of the store (rule A2): each acts there under its own name, so that the store's permissions apply.
/// </summary>
[Trait("Rule", "A2")]
public sealed class StoreIdentityTests
{
    [Fact]
    public async Task Every_request_of_a_client_reaches_the_store_in_its_own_name()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        var ann = scene.As("ann");
        var upload = Regex.Match((await ann.SendAsync("POST", "/anns/big?uploads")).Text, "<UploadId>(.*)</UploadId>").Groups[1].Value;
        var part = await ann.SendAsync("PUT", $"/anns/big?partNumber=1&uploadId={upload}", new byte[200_000]);
        RawResponse[] responses =
        [
            part,
            await ann.SendAsync("PUT", $"/anns/big?partNumber=2&uploadId={upload}", null, ("x-amz-copy-source", "/anns/k")),
            await ann.SendAsync(
                "POST", $"/anns/big?uploadId={upload}",
                Encoding.UTF8
                    .GetBytes(
                    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                    + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>")),
            await ann.SendAsync("GET", "/anns/k"),
            await ann.SendAsync("HEAD", "/anns/k"),
            await ann.SendAsync("GET", "/anns?list-type=2"),
            await ann.SendAsync("PUT", "/anns/copy", null, ("x-amz-copy-source", "/both/k")),
            await ann.SendAsync("POST", "/anns?delete", "<Delete><Object><Key>copy</Key></Object></Delete>"u8.ToArray(),
                ("Content-MD5", "fjrcxLyYjg4c5F3ukfVeEQ==")),
            await ann.SendAsync("GET", "/"),
            await ann.SendUnsignedAsync("GET", "/anns/k?" + Presigned(scene, "GET", "/anns/k")),
            await PolicyForm().SendAsync(ann, "/anns"),
            await ann.SendAsync("DELETE", "/anns/form"),
        ];

        Assert.All(responses, response => Assert.True(response.Status is 200 or 204, $"{response.Status} {response.Text}"));
        Assert.True(scene.Asked.Count > responses.Length);
        Assert.All(scene.Asked, asked => Assert.Equal("ANN", asked.Signer));
        Assert.DoesNotContain(scene.Store.Calls, call => call.Query.Contains("Signature", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_stores_rights_hold_for_each_client()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        await RefusedAsync(scene, "bob", "GET", "/anns/k");
        await RefusedAsync(scene, "bob", "PUT", "/anns/k");
        await RefusedAsync(scene, "team", "GET", "/anns/k");
        await RefusedAsync(scene, "ann", "GET", "/bobs?list-type=2");
        await RefusedAsync(scene, "bob", "PUT", "/bobs/stolen", ("x-amz-copy-source", "/anns/k"));
        await RefusedAsync(scene, "ann", "PUT", "/bobs/pushed", ("x-amz-copy-source", "/anns/k"));
        Assert.Equal(200, (await scene.As("bob").SendAsync("PUT", "/bobs/shared", null, ("x-amz-copy-source", "/both/k"))).Status);
        Assert.Equal("both", (await scene.As("bob").SendAsync("GET", "/bobs/shared")).Text);
    }

    [Fact]
    public async Task A_session_token_goes_only_with_its_key_and_a_client_without_one_is_the_overlay()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        await scene.As("eve").SendAsync("GET", "/both/k");
        await scene.As("ann").SendAsync("GET", "/both/k");
        await scene.As("team").SendAsync("GET", "/teams/k");
        await scene.As("ann").SendUnsignedAsync("GET", "/both/k");
        Assert.Equal(["EVE with eves-token", "ANN", "overlay", ""], scene.Asked.Select(asked => asked.Signer));
    }

    /// <summary>
    /// With Ceph's tenants, a bucket name may refer to one bucket for a user and to none for everyone. A preflight does not have the
    /// headers that its address is signed for, and requests only public information.
    /// </summary>
    [Fact]
    public async Task A_preflight_is_sent_in_the_name_of_the_user_who_signed_its_address()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        string[] targets =
        [
            "/anns/k?" + Presigned(scene, "PUT", "/anns/k"), "/anns/k?AWSAccessKeyId=ann&Signature=s&Expires=1",
            "/anns/k?AWSAccessKeyId=team&Signature=s&Expires=1",
            "/anns/k?AWSAccessKeyId=ANN&Signature=s&Expires=1", "/anns/k?X-Amz-Credential=ann", "/anns/k",
        ];
        foreach (var target in targets)
        {
            await scene.As("ann").SendUnsignedAsync("OPTIONS", target, null, ("Origin", "http://page.example"),
                ("Access-Control-Request-Method", "PUT"));
        }

        Assert.Equal(["ANN", "ANN", "", "", "", ""], scene.Asked.Select(asked => asked.Signer));
        Assert.All(scene.Asked, asked => Assert.Equal("OPTIONS /anns/k", asked.Request));
    }

    /// <summary>Connections to the store are shared; what is signed on them is not.</summary>
    [Fact]
    public async Task Clients_that_ask_at_the_same_time_are_not_taken_for_one_another()
    {
        await using var scene = await UsersScene.StartAsync();
        await scene.MakeBucketsAsync();
        var users = (string[])["ann", "bob"];
        await Parallel.ForAsync(0, 200, async (i, _) =>
        {
            var user = users[i % 2];
            Assert.Equal(200,
                (await scene.As(user).SendAsync(i % 3 == 0 ? "PUT" : "GET", i % 3 == 0 ? $"/both/of-{user}-{i}" : $"/{user}s/k")).Status);
        });

        Assert.Equal(200, scene.Asked.Count);
        Assert.All(scene.Asked, asked => Assert.Contains(asked.Signer.ToLowerInvariant(), asked.Request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Over_a_remote_a_client_is_itself_in_buckets_without_a_remote_and_the_overlay_elsewhere()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("below", "r", "of the remote"u8.ToArray());
        await using var scene = await StartOverlaidAsync(remote);
        var ann = scene.As("ann");
        Assert.Equal(200, (await ann.SendAsync("PUT", "/mapped/w", "written"u8.ToArray())).Status);
        Assert.Equal("written", (await ann.SendAsync("GET", "/mapped/w")).Text);
        Assert.Equal("of the remote", (await ann.SendAsync("GET", "/mapped/r")).Text);
        Assert.Equal(204, (await ann.SendAsync("DELETE", "/mapped/r")).Status);
        Assert.Equal(200, (await ann.SendAsync("GET", "/mapped?list-type=2")).Status);
        Assert.All(scene.Asked, asked => Assert.Equal("overlay", asked.Signer));

        scene.Forget();
        Assert.Equal("anns", (await ann.SendAsync("GET", "/anns/k")).Text);
        Assert.Equal(404, (await ann.SendAsync("GET", "/anns/nothing")).Status);
        Assert.Equal(["ANN", "ANN"], scene.Asked.Select(asked => asked.Signer));
        await RefusedAsync(scene, "bob", "GET", "/anns/k");
    }

    [Fact]
    public async Task A_copy_between_the_two_reads_and_writes_in_the_name_that_holds_there()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("below", "r", "of the remote"u8.ToArray());
        await using var scene = await StartOverlaidAsync(remote);
        var ann = scene.As("ann");
        Assert.Equal(200, (await ann.SendAsync("PUT", "/mapped/w", "written"u8.ToArray(), ("x-amz-meta-m", "1"))).Status);

        // The store has no right for ANN in the one bucket, and none for the overlay in the other.
        await CopiedAsync(scene, "/mapped/w", "/anns/from-written", "written");
        Assert.Equal("1", (await ann.SendAsync("HEAD", "/anns/from-written")).Headers["x-amz-meta-m"]);
        await CopiedAsync(scene, "/mapped/r", "/anns/from-remote", "of the remote");
        await CopiedAsync(scene, "/anns/k", "/mapped/up", "anns");
        await CopiedAsync(scene, "/mapped/w", "/mapped/w2", "written");
        await CopiedAsync(scene, "/anns/k", "/both/k2", "anns");

        var upload = Regex.Match((await ann.SendAsync("POST", "/mapped/big?uploads")).Text, "<UploadId>(.*)</UploadId>").Groups[1].Value;
        var part = await ann.SendAsync("PUT", $"/mapped/big?partNumber=1&uploadId={upload}", null, ("x-amz-copy-source", "/anns/k"),
            ("x-amz-copy-source-range", "bytes=1-2"));
        Assert.True(part.Status == 200 && part.Text.Contains("CopyPartResult", StringComparison.Ordinal), part.Text);
        Assert.Equal(
            412, (await ann.SendAsync("PUT", "/mapped/up2", null, ("x-amz-copy-source", "/anns/k"),
            ("x-amz-copy-source-if-match", "\"other\""))).Status);
    }

    [Fact]
    public async Task A_copy_does_not_read_for_a_client_what_the_store_refuses_it()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("below", "r", "of the remote"u8.ToArray());
        await using var scene = await StartOverlaidAsync(remote);
        await RefusedAsync(scene, "bob", "PUT", "/mapped/stolen", ("x-amz-copy-source", "/anns/k"));
        await RefusedAsync(scene, "ann", "PUT", "/mapped/stolen", ("x-amz-copy-source", "/teams/k"));
        Assert.Equal(404, (await scene.As("ann").SendAsync("GET", "/mapped/stolen")).Status);
        var absent = await scene.As("ann").SendAsync("PUT", "/mapped/copy", null, ("x-amz-copy-source", "/anns/nothing"));
        Assert.Equal((404, "NoSuchKey"), (absent.Status, absent.Code));
        await RefusedAsync(scene, "bob", "PUT", "/anns/pushed", ("x-amz-copy-source", "/mapped/r"));
        Assert.Equal(404, (await scene.As("ann").SendAsync("GET", "/anns/pushed")).Status);
    }

    /// <summary>The store here shows all its buckets to everyone. The test checks which user made the request.</summary>
    [Fact]
    public async Task Over_a_remote_the_list_of_buckets_is_the_clients_own_and_the_overlaid_ones()
    {
        await using var remote = await ScriptedRemote.StartAsync();
        await using var scene = await StartOverlaidAsync(remote);
        scene.Forget();
        var list = await scene.As("ann").SendAsync("GET", "/");
        Assert.Contains("<Name>anns</Name>", list.Text);
        Assert.Contains("<Name>mapped</Name>", list.Text);
        Assert.DoesNotContain("s3-overlay-cache", list.Text);
        Assert.Contains(("ANN", "GET /"), scene.Asked);

        scene.Store.Refuse = request => request.Headers.Authorization.ToString().Contains("Credential=ANN/", StringComparison.Ordinal)
            && request.Path == "/" ? 403 : null;

        // A list without them would say that they are gone.
        list = await scene.As("ann").SendAsync("GET", "/");
        Assert.Equal((403, "AccessDenied"), (list.Status, list.Code));
        Assert.Contains("<Name>bobs</Name>", (await scene.As("bob").SendAsync("GET", "/")).Text);
    }

    /// <summary>
    /// Administration calls concern the overlay. They work with keys that the store does not know and for users who may not read the
    /// object.
    /// </summary>
    [Theory, Trait("Rule", "A5")]
    [InlineData("ann", "/teams/k", "written")]
    [InlineData("eve", "/teams/k", "written")]
    [InlineData("eve", "/teams/other", "absent")]
    [InlineData("ann", "/mapped/w", "written")]
    [InlineData("eve", "/mapped/w", "written")]
    [InlineData("eve", "/mapped/d", "deleted")]
    [InlineData("eve", "/mapped/r", "remote")]
    public async Task Administration_requests_reach_the_store_in_the_overlays_name(string administrator, string target, string reason)
    {
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("below", "r", "of the remote"u8.ToArray());
        remote.Put("below", "d", "of the remote"u8.ToArray());
        await using var scene = await StartOverlaidAsync(remote);
        Assert.Equal(200, (await scene.As("team").SendAsync("PUT", "/mapped/w", "written"u8.ToArray())).Status);
        Assert.Equal(204, (await scene.As("team").SendAsync("DELETE", "/mapped/d")).Status);
        scene.Forget();

        var (bucket, key) = (target.Split('/')[1], target.Split('/')[2]);
        var response = await scene.As(administrator).SendAsync("GET", $"/-/v1/explain?bucket={bucket}&key={key}");
        Assert.True(response.Status == 200, response.Text);
        Assert.Equal(reason, JsonDocument.Parse(response.Text).RootElement.GetProperty("reason").GetString());
        Assert.NotEmpty(scene.Asked);
        Assert.All(scene.Asked, asked => Assert.Equal("overlay", asked.Signer));
    }

    private static async Task<UsersScene> StartOverlaidAsync(ScriptedRemote remote)
    {
        var scene = await UsersScene.StartAsync(remote, ("S3_OVERLAY_BUCKET_MAPPING", "mapped:below"), ("S3_OVERLAY_UNMAPPED", "deny"));
        await scene.MakeBucketsAsync();
        return scene;
    }

    private static async Task RefusedAsync(UsersScene scene, string user, string method, string target,
        params (string Name, string Value)[] headers)
    {
        var response = await scene.As(user).SendAsync(method, target, null, headers);
        Assert.True((response.Status, response.Code) == (403, "AccessDenied"),
            $"{user} {method} {target}: {response.Status} {response.Text}");
    }

    private static async Task CopiedAsync(UsersScene scene, string from, string to, string content)
    {
        var copy = await scene.As("ann").SendAsync("PUT", to, null, ("x-amz-copy-source", from));
        Assert.True(copy.Status == 200 && copy.Text.Contains("CopyObjectResult", StringComparison.Ordinal),
            $"{from} to {to}: {copy.Status} {copy.Text}");
        Assert.Equal(content, (await scene.As("ann").SendAsync("GET", to)).Text);
    }

    private static string Presigned(UsersScene scene, string method, string path) =>
        new RequestSigner(new SigningCredentials("ann", "ann-here"), "us-east-1")
            .Presign(method, scene.Proxy.Endpoint.Authority, path, "", [], DateTimeOffset.UtcNow, TimeSpan.FromMinutes(10));

    private static UploadForm PolicyForm() => new UploadForm("ann", "ann-here").With("key", "form").SignedV2(
        $$"""{"expiration": "{{DateTime.UtcNow.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}}", "conditions": [{"bucket": "anns"}, """
        + $$"""{"key": "form"}]}""");
}
