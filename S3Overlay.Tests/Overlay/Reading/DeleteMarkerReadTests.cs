using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Overlay.Reading;

/// <summary>
/// Reads of a delete marker of the remote by its version id, refused as in S3: 405, with headers that name the marker, and no document for
/// a HEAD (rules R8, T1).
/// </summary>
public sealed class DeleteMarkerReadTests
{
    [Theory, Trait("Rule", "R8"), Trait("Rule", "T1")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task A_delete_marker_of_the_remote_is_refused_as_the_remote_refuses_it(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", "value"u8.ToArray());
        scene.Remote.Script = async (request, context) =>
        {
            if (!request.RawQuery.Contains("versionId=marker", StringComparison.Ordinal))
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers["x-amz-delete-marker"] = "true";
            context.Response.Headers["x-amz-version-id"] = "marker";
            context.Response.Headers.LastModified = "Sat, 21 Nov 2026 12:00:00 GMT";
            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "MethodNotAllowed");
            return ScriptedOutcome.Answered;
        };
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var refused = await scene.SendAsync(method, "/bucket/key?versionId=marker");
            Assert.Equal((405, method == "HEAD" ? "" : "MethodNotAllowed"), (refused.Status, refused.Code));
            Assert.Equal(
                ("true", "marker", "Sat, 21 Nov 2026 12:00:00 GMT"),
                (refused.Headers.GetValueOrDefault("x-amz-delete-marker"), refused.Headers.GetValueOrDefault("x-amz-version-id"),
                    refused.Headers.GetValueOrDefault("Last-Modified")));
        }

        // The key itself is read as ever.
        Assert.Equal(200, (await scene.SendAsync("HEAD", "/bucket/key")).Status);
    }

    [Theory, Trait("Rule", "T1")]
    [MemberData(nameof(LayerScene.All), MemberType = typeof(LayerScene))]
    public async Task What_the_remote_does_not_allow_otherwise_names_no_marker(string layer)
    {
        await using var scene = await LayerScene.StartAsync(layer);
        scene.Remote.Put("bucket", "key", "value"u8.ToArray());
        scene.Remote.Script = async (request, context) =>
        {
            if (request.Key != "key")
            {
                return ScriptedOutcome.AsUsual;
            }

            context.Response.Headers["x-amz-version-id"] = "other";
            await ScriptedRemote.RespondErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "MethodNotAllowed");
            return ScriptedOutcome.Answered;
        };
        var refused = await scene.SendAsync("HEAD", "/bucket/key?versionId=other");
        Assert.Equal((405, false, false),
            (refused.Status, refused.Headers.ContainsKey("x-amz-delete-marker"), refused.Headers.ContainsKey("x-amz-version-id")));
    }
}
