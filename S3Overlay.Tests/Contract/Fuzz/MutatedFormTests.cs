using System.Globalization;
using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>Upload forms and their policies, damaged at random.</summary>
public sealed class MutatedFormTests(FuzzFixture fixture) : IClassFixture<FuzzFixture>
{
    private const string Condition = """["starts-with", "$key", "k"], {"acl": "private"}, ["eq", "$Content-Type", "text/plain"]""";

    private static readonly int Count = FullRunAttribute.IsOn ? 1500 : 100;

    private readonly SignedHttp _http = new(fixture.Proxy.Endpoint);

    [Fact]
    public async Task A_damaged_form_is_answered_by_no_failure_of_the_server()
    {
        var name = await NewBucketAsync();
        var whole = Form(Policy(name)).ToBytes();
        Assert.Equal(204, (await SendAsync(name, whole)).Status);
        for (var seed = 0; seed < Count; seed++)
        {
            var form = new Mutator(seed).Mutate(whole);
            Check(await SendAsync(name, form), form);
        }
    }

    [Fact]
    public async Task A_damaged_policy_is_answered_by_no_failure_of_the_server()
    {
        var name = await NewBucketAsync();
        for (var seed = 0; seed < Count; seed++)
        {
            // The signature is right: it is the policy that is read.
            var policy = new Mutator(seed).Mutate(Encoding.UTF8.GetBytes(Policy(name)));
            var form = Form(Encoding.Latin1.GetString(policy)).ToBytes();
            Check(await SendAsync(name, form), policy);
        }
    }

    private static string Policy(string bucket) =>
        $$"""{"expiration": "{{DateTime.UtcNow.AddDays(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}", """
        + $$""" "conditions": [{"bucket": "{{bucket}}"}, ["content-length-range", 1, 1000], {{Condition}}]}""";

    private static UploadForm Form(string policy) =>
        new UploadForm().With("key", "k").With("acl", "private").With("Content-Type", "text/plain").SignedV2(policy);

    private async Task<string> NewBucketAsync()
    {
        var name = fixture.NewName();
        Assert.Equal(200, (await _http.SendAsync("PUT", "/" + name)).Status);
        return name;
    }

    private Task<RawResponse> SendAsync(string bucket, byte[] form) =>
        _http.SendUnsignedAsync("POST", "/" + bucket, form, UploadForm.ContentType);

    private static void Check(RawResponse response, byte[] sent) => Assert.True(response.Status is >= 200 and < 500 or 501,
        $"{response.Status} {response.Text}\n{Convert.ToBase64String(sent.Length > 3000 ? sent[..3000] : sent)}");
}
