using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Listings;

/// <summary>What the listing settings change for clients (rules L3, L4).</summary>
public sealed class ListingSettingTests
{
    [Theory, Trait("Rule", "L3")]
    [InlineData("embedded", "local")]
    [InlineData("embedded", "merged")]
    [InlineData("store", "local")]
    [InlineData("store", "merged")]
    public async Task Listings_show_only_local_if_the_setting_says_so(string layer, string scope)
    {
        await using var scene = await StartAsync(layer, ("S3_OVERLAY_LISTING", scope));
        foreach (var target in (string[])["/bucket", "/bucket?list-type=2"])
        {
            var page = await scene.SendAsync("GET", target);
            Assert.Equal((200, true, scope == "merged"), (page.Status, page.Text.Contains("<Key>mine</Key>", StringComparison.Ordinal),
                page.Text.Contains("<Key>theirs</Key>", StringComparison.Ordinal)));
        }
    }

    [Theory, Trait("Rule", "L4")]
    [InlineData("embedded", "local")]
    [InlineData("embedded", "error")]
    [InlineData("store", "local")]
    [InlineData("store", "error")]
    public async Task A_remote_that_cannot_be_listed_is_an_error_or_left_out_and_reported(string layer, string onError)
    {
        await using var scene = await StartAsync(layer, ("S3_OVERLAY_LISTING_ON_ERROR", onError));
        scene.Remote.Script = async (request, context) =>
        {
            if (request is not { Method: "GET", Key: "" })
            {
                return ScriptedOutcome.AsUsual;
            }

            await ScriptedRemote.RespondErrorAsync(context, 403, "AccessDenied");
            return ScriptedOutcome.Answered;
        };
        var page = await scene.SendAsync("GET", "/bucket?list-type=2");
        Assert.Equal(
            onError == "local" ? (200, "local", true) : (503, null, false),
            (page.Status, page.Headers.GetValueOrDefault("x-s3overlay-listing"),
                page.Text.Contains("<Key>mine</Key>", StringComparison.Ordinal)));
    }

    /// <summary>A store whose policy forbids even the owner to list, as it may be set through the overlay.</summary>
    [Fact, Trait("Rule", "F")]
    public async Task A_store_that_refuses_a_listing_is_not_taken_for_the_remote()
    {
        await using var scene = await StartAsync("store", ("S3_OVERLAY_LISTING_ON_ERROR", "local"));
        scene.Store!.Fail = request => request.Method == "GET" && request.Path.Value!.TrimEnd('/') == "/bucket" ? (403, "AccessDenied")
            : null;
        foreach (var target in (string[])["/bucket", "/bucket?list-type=2", "/bucket?versions"])
        {
            var page = await scene.SendAsync("GET", target);
            Assert.True(
                page.Status == 403
                    && page.Text.Contains("<Code>AccessDenied</Code><Message>At the local store the bucket may not be listed.</Message>",
                    StringComparison.Ordinal),
                $"{target}: {page.Status} {page.Text}");
        }
    }

    /// <summary>The overlay's missing right to list must not look like a missing right of the client, as a 403 would.</summary>
    [Theory, Trait("Rule", "B4"), Trait("Rule", "F")]
    [InlineData("store")]
    public async Task A_bucket_that_the_store_refuses_to_list_cannot_be_deleted_for_now(string layer)
    {
        await using var scene = await StartAsync(layer, ("S3_OVERLAY_LISTING", "merged"));
        scene.Store!.Fail = request => request.Method == "GET" && request.Path.Value!.TrimEnd('/') == "/bucket" ? (403, "AccessDenied")
            : null;
        var refused = await scene.SendAsync("DELETE", "/bucket");
        Assert.Equal((503, "ServiceUnavailable", true), (refused.Status, refused.Code, refused.Headers.ContainsKey("Retry-After")));
        Assert.Contains("At the local store the bucket may not be listed.", refused.Text, StringComparison.Ordinal);
        scene.Store.Fail = null;
        Assert.Equal("BucketNotEmpty", (await scene.SendAsync("DELETE", "/bucket")).Code);
    }

    /// <summary>A bucket with "mine" in local and "theirs" at the remote.</summary>
    private static async Task<LayerScene> StartAsync(string layer, (string Name, string Value) setting)
    {
        var scene = await LayerScene.StartAsync(layer, setting);
        scene.Remote.Put("bucket", "theirs", "r"u8.ToArray());
        Assert.Equal(200, (await scene.SendAsync("PUT", "/bucket/mine", "m")).Status);
        return scene;
    }
}
