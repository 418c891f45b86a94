using System.Security.Cryptography;
using System.Text;

using S3Overlay.Tests.Support;

using static S3Overlay.Tests.Contract.Access.AccessScene;

namespace S3Overlay.Tests.Contract.Access;

/// <summary>Policies about what a body sets: tags and locks. And which right a body needs that names another bucket.</summary>
[Trait("Rule", "A2")]
public sealed class BodyConditionTests
{
    [Theory]
    [InlineData("bbb/${s3:RequestObjectTag/team}/*", "")]
    [InlineData("bbb/*", ",\"Condition\":{\"StringEquals\":{\"s3:ExistingObjectTag/team\":\"${s3:RequestObjectTag/team}\"}}")]
    public async Task Variables_see_the_tags_of_a_body(string resource, string more)
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/red/k", "value", ("x-amz-tagging", "team=red"));
        await AllowAsync(scene, "s3:PutObjectTagging", resource, more);
        await SetAsync(scene.Alt, 403, "/bbb/red/k?tagging", Tags("blue"));
        await SetAsync(scene.Alt, 200, "/bbb/red/k?tagging", Tags("red"));

        static string Tags(string team) => $"<Tagging><TagSet><Tag><Key>team</Key><Value>{team}</Value></Tag></TagSet></Tagging>";
    }

    [Fact]
    public async Task Variables_see_the_lock_of_a_body()
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/ON/k", "value");
        await AllowAsync(scene, "s3:PutObjectLegalHold", "bbb/${s3:object-lock-legal-hold}/*", "");
        await SetAsync(scene.Alt, 403, "/bbb/ON/k?legal-hold", "<LegalHold><Status>OFF</Status></LegalHold>");
        await SetAsync(scene.Alt, 200, "/bbb/ON/k?legal-hold", "<LegalHold><Status>ON</Status></LegalHold>");
    }

    [Theory]
    [InlineData("s3:PutObjectRetention", "retention", "<Retention/>")]
    [InlineData("s3:PutObjectLegalHold", "legal-hold", "<LegalHold><Status>OFF</Status></LegalHold>")]
    public async Task A_header_does_not_stand_for_the_lock_of_a_body(string action, string name, string document)
    {
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb", null, ("x-amz-bucket-object-lock-enabled", "true"));
        await ExpectAsync(200, scene.Main, "PUT", "/bbb/k", "value");
        await ExpectAsync(204, scene.Main, "PUT", "/bbb?policy", Policy("Deny", "\"*\"", action,
            ",\"Condition\":{\"StringNotEquals\":{\"s3:object-lock-mode\":\"GOVERNANCE\"}}"));
        await SetAsync(scene.Clerk, 403, $"/bbb/k?{name}", document);
        await SetAsync(scene.Clerk, 403, $"/bbb/k?{name}", document, ("x-amz-object-lock-mode", "GOVERNANCE"));
    }

    [Fact]
    public async Task Only_the_right_owner_sends_the_log_of_a_bucket_elsewhere()
    {
        const string Logging = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix/></LoggingEnabled>"
            + "</BucketLoggingStatus>";
        await using var scene = await StartAsync(hasAcls: false);
        await ExpectAsync(200, scene.Main, "PUT", "/bbb");
        await ExpectAsync(200, scene.Main, "PUT", "/logs");
        await ExpectAsync(403, scene.Clerk, "PUT", "/bbb?logging", Logging);
        await ExpectAsync(403, scene.Clerk, "PUT", "/bbb?logging", "<BucketLoggingStatus/>");
        await ExpectAsync(200, scene.Clerk, "GET", "/bbb?logging");
        await ExpectAsync(200, scene.Main, "PUT", "/bbb?logging", Logging);
    }

    private static Task<RawResponse> AllowAsync(AccessScene scene, string action, string resource, string more) =>
        ExpectAsync(204, scene.Main, "PUT", "/bbb?policy",
            $$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"alt-id"},"Action":"{{{action}}}",
              "Resource":"arn:aws:s3:::{{{resource}}}"{{{more}}} }]}
            """);

    private static Task<RawResponse> SetAsync(
        SignedHttp client, int status, string target, string document, params (string, string)[] headers) =>
        ExpectAsync(status, client, "PUT", target, document,
            [("Content-MD5", Convert.ToBase64String(MD5.HashData(Encoding.UTF8.GetBytes(document)))), .. headers]);
}
