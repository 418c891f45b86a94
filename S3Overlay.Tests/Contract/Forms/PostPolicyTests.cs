using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Forms;

/// <summary>What the policy and signature of a form allow and refuse. A refused form stores nothing.</summary>
[Trait("Rule", "A1")]
public abstract class PostPolicyTests<TFixture>(TFixture fixture) : FormTestBase(fixture), IClassFixture<TFixture>
    where TFixture : LocalOnlyFixture
{
    private const string Range = """["content-length-range", 0, 1024]""";

    /// <summary>Names of ceph/s3-tests without <c>test_post_object_</c>, additions to the policy, and the response.</summary>
    [Theory]
    [InlineData("authenticated_request", Range, 204, "")]
    [InlineData("upload_size_limit_exceeded", """["content-length-range", 0, 0]""", 400, "EntityTooLarge")]
    [InlineData("upload_size_limit_just_exceeded", """["content-length-range", 0, 2]""", 400, "EntityTooLarge")]
    [InlineData("upload_size_limit_met", """["content-length-range", 3, 3]""", 204, "")]
    [InlineData("upload_size_below_minimum", """["content-length-range", 512, 1000]""", 400, "EntityTooSmall")]
    [InlineData("several_ranges", """["content-length-range", 0, 1000], ["content-length-range", 0, 2]""", 400, "EntityTooLarge")]
    [InlineData("missing_content_length_argument", """["content-length-range", 0]""", 400, "InvalidPolicyDocument")]
    [InlineData("invalid_content_length_argument", """["content-length-range", -1, 0]""", 400, "InvalidPolicyDocument")]
    [InlineData("no_number_as_content_length", """["content-length-range", 0, "x"]""", 400, "InvalidPolicyDocument")]
    [InlineData("swapped_content_lengths", """["content-length-range", 5, 3]""", 400, "InvalidPolicyDocument")]
    [InlineData("request_missing_policy_specified_field", """["starts-with", "$x-amz-meta-foo", "bar"]""", 403, "AccessDenied")]
    [InlineData("empty_conditions", "{ }", 400, "InvalidPolicyDocument")]
    [InlineData("unknown_operation", """["ends-with", "$key", "txt"]""", 400, "InvalidPolicyDocument")]
    [InlineData("no_dollar", """["eq", "key", "foo.txt"]""", 400, "InvalidPolicyDocument")]
    [InlineData("no_text", """{"key": 5}""", 400, "InvalidPolicyDocument")]
    [InlineData("no_condition", "5", 400, "InvalidPolicyDocument")]
    [InlineData("eq_met", """["eq", "$key", "foo.txt"]""", 204, "")]
    [InlineData("eq_is_whole", """["eq", "$key", "foo"]""", 403, "AccessDenied")]
    [InlineData("starts_with_nothing_allows_all", """["starts-with", "$key", ""]""", 204, "")]
    [InlineData("values_have_a_case", """["eq", "$key", "FOO.txt"]""", 403, "AccessDenied")]
    [InlineData("not_json", "]", 400, "InvalidPolicyDocument")]
    [InlineData("not_unicode", """["eq", "$key", "\ud800"]""", 400, "InvalidPolicyDocument")]
    public async Task Conditions(string name, string condition, int status, string code)
    {
        var bucket = await NewBucketAsync();
        var response = await Form().SignedV2(Policy(bucket, [condition])).SendAsync(Http, "/" + bucket);
        Assert.True((status, code) == (response.Status, response.Code), $"{name}: {response.Status} {response.Text}");
        if (status == 204)
        {
            Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
        }
        else
        {
            await AssertNothingStoredAsync(bucket);
        }
    }

    [Theory]
    [InlineData("user_specified_header", "barclamp", """["starts-with", "$x-amz-meta-foo", "bar"]""", 204)]
    [InlineData("invalid_request_field_value", "barclamp", """["eq", "$x-amz-meta-foo", ""]""", 403)]
    [InlineData("field_without_a_condition", "barclamp", Range, 403)]
    public async Task Metadata_needs_a_condition_too(string name, string value, string condition, int status)
    {
        var bucket = await NewBucketAsync();
        var response = await Form().With("x-amz-meta-foo", value).SignedV2(Policy(bucket, [condition])).SendAsync(Http, "/" + bucket);
        Assert.True(status == response.Status, $"{name}: {response.Status} {response.Text}");
        if (status == 204)
        {
            Assert.Equal(value, (await S3.GetObjectMetadataAsync(bucket, "foo.txt")).Metadata["x-amz-meta-foo"]);
        }
    }

    [Theory]
    [InlineData("expired_policy", """{"expiration": "PAST", "conditions": CONDITIONS}""", 403, "AccessDenied",
        "Invalid according to Policy: Policy expired.")]
    [InlineData("invalid_date_format", """{"expiration": "2031-01-01 12:00:00.5+00:00", "conditions": CONDITIONS}""", 400,
        "InvalidPolicyDocument", "expiration")]
    [InlineData("missing_expires_condition", """{"conditions": CONDITIONS}""", 400, "InvalidPolicyDocument", "expiration")]
    [InlineData("missing_conditions_list", """{"expiration": "FUTURE"}""", 400, "InvalidPolicyDocument", "conditions")]
    [InlineData("condition_is_case_sensitive", """{"expiration": "FUTURE", "CONDITIONS": CONDITIONS}""", 400, "InvalidPolicyDocument", "")]
    [InlineData("expires_is_case_sensitive", """{"EXPIRATION": "FUTURE", "conditions": CONDITIONS}""", 400, "InvalidPolicyDocument", "")]
    [InlineData("two_lists_of_conditions", """{"expiration": "FUTURE", "conditions": CONDITIONS, "conditions": []}""", 400,
        "InvalidPolicyDocument", "")]
    [InlineData("no_object", "[]", 400, "InvalidPolicyDocument", "")]
    [InlineData("nothing", "", 400, "InvalidPolicyDocument", "")]
    [InlineData("fractions_of_seconds", """{"expiration": "2999-01-01T12:00:00.000Z", "conditions": CONDITIONS}""", 204, "", "")]
    public async Task Documents(string name, string policy, int status, string code, string message)
    {
        var bucket = await NewBucketAsync();
        policy = policy.Replace("CONDITIONS\":", "CASE\":", StringComparison.Ordinal)
            .Replace("CONDITIONS", $"[{string.Join(", ", Usual(bucket))}]", StringComparison.Ordinal)
            .Replace("CASE\":", "CONDITIONS\":", StringComparison.Ordinal)
            .Replace("FUTURE", Time(6000), StringComparison.Ordinal)
            .Replace("PAST", Time(-6000), StringComparison.Ordinal);
        var response = await Form().SignedV2(policy).SendAsync(Http, "/" + bucket);
        Assert.True((status, code) == (response.Status, response.Code), $"{name}: {response.Status} {response.Text}");
        Assert.Contains(message, response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_without_a_condition_for_the_bucket_allows_none()
    {
        // missing_policy_condition
        var bucket = await NewBucketAsync();
        var policy = $$"""{"expiration": "{{Time(6000)}}", "conditions": [{{string.Join(", ", Usual(bucket).Skip(1))}}]}""";
        var response = await Form().SignedV2(policy).SendAsync(Http, "/" + bucket);
        AssertStatus(403, response);
        Assert.Contains("Extra input fields: bucket", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_for_another_bucket_is_refused_whatever_its_own_field_says()
    {
        // wrong_bucket
        var (bucket, other) = (await NewBucketAsync(), await NewBucketAsync());
        var response = await Form("${filename}").With("bucket", bucket).SignedV2(Policy(bucket, [Range])).SendAsync(Http, "/" + other);
        AssertStatus(403, response);
        await AssertNothingStoredAsync(other);
        await AssertNothingStoredAsync(bucket);
    }

    [Fact]
    public async Task Names_of_fields_have_no_case()
    {
        // case_insensitive_condition_fields
        var bucket = await NewBucketAsync();
        var policy = $$"""
            {"expiration": "{{Time(6000)}}", "conditions": [{"bUcKeT": "{{bucket}}"}, ["StArTs-WiTh", "$KeY", "foo"], {"AcL": "private"},
             ["StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"], ["content-length-range", 0, 1024]]}
            """;
        var signed = new UploadForm().SignedV2(policy);
        var form = signed.With("kEy", "foo.txt").With("aCl", "private").With("Content-Type", "text/plain");
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
        Assert.Equal("bar", await ReadAsync(bucket, "foo.txt"));
    }

    [Fact]
    public async Task A_backslash_is_a_character_of_a_key()
    {
        // escaped_field_values
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, [$$"""["starts-with", "$key", {{Json("\\$foo")}}]"""])
            .Replace(""" ["starts-with", "$key", "foo"],""", "", StringComparison.Ordinal);
        AssertStatus(204, await Form("\\$foo.txt").SignedV2(policy).SendAsync(Http, "/" + bucket));
        Assert.Equal("bar", await ReadAsync(bucket, "\\$foo.txt"));
    }

    [Fact]
    public async Task Ignored_fields_need_no_condition_and_may_repeat()
    {
        // ignored_header
        var bucket = await NewBucketAsync();
        var form = Form().With("x-ignore-foo", "bar").With("x-ignore-foo", "again").SignedV2(Policy(bucket, [Range]));
        AssertStatus(204, await form.SendAsync(Http, "/" + bucket));
    }

    [Fact]
    public async Task A_field_given_twice_is_refused()
    {
        var bucket = await NewBucketAsync();
        var answer = await Form().With("Key", "other").SignedV2(Policy(bucket, [Range])).SendAsync(Http, "/" + bucket);
        Assert.Equal((400, "InvalidArgument"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData("image/png", 204)]
    [InlineData("image/png, image/jpeg", 204)]
    [InlineData("image/png,text/html", 403)]
    public async Task Each_of_a_list_of_content_types_must_fit(string type, int status)
    {
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, ["""["starts-with", "$Content-Type", "image/"]"""])
            .Replace(""", ["starts-with", "$Content-Type", "text/plain"]""", "", StringComparison.Ordinal);
        AssertStatus(status, await Form().Without("Content-Type").With("Content-Type", type).SignedV2(policy)
            .SendAsync(Http, "/" + bucket));
    }

    [Theory]
    [InlineData("signature", 400, "InvalidArgument")] // missing_signature
    [InlineData("AWSAccessKeyId", 400, "InvalidArgument")]
    [InlineData("policy", 400, "InvalidArgument")]
    [InlineData("key", 400, "InvalidArgument")] // no_key_specified
    [InlineData("Content-Type", 403, "AccessDenied")]
    public async Task What_is_missing_is_named(string field, int status, string code)
    {
        var bucket = await NewBucketAsync();
        var response = await Form().SignedV2(Policy(bucket, [Range])).Without(field).SendAsync(Http, "/" + bucket);
        Assert.Equal((status, code), (response.Status, response.Code));
        Assert.Contains(field, response.Text, StringComparison.Ordinal);
        await AssertNothingStoredAsync(bucket);
    }

    [Fact]
    public async Task A_wrong_signature_and_an_unknown_key_are_refused()
    {
        // invalid_signature, invalid_access_key, authenticated_request_bad_access_key
        var bucket = await NewBucketAsync();
        var policy = Policy(bucket, [Range]);
        var forged = await Form().SignedV2(policy).Without("signature").With("signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            .SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "SignatureDoesNotMatch"), (forged.Status, forged.Code));
        var garbled = await Form().SignedV2(policy).Without("signature").With("signature", "no base64").SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "SignatureDoesNotMatch"), (garbled.Status, garbled.Code));
        var changed = await Form().SignedV2(policy).Without("policy").With("policy", Convert.ToBase64String("{}"u8))
            .SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "SignatureDoesNotMatch"), (changed.Status, changed.Code));
        var stranger = await Form().SignedV2(policy).Without("AWSAccessKeyId").With("AWSAccessKeyId", "stranger")
            .SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "InvalidAccessKeyId"), (stranger.Status, stranger.Code));
        await AssertNothingStoredAsync(bucket);
    }

    [Fact]
    public async Task An_unsigned_form_is_refused_before_its_file_is_read()
    {
        // anonymous_request, in a server where anonymous callers have no rights
        var bucket = await NewBucketAsync();
        var response = await Form().SendAsync(Http, "/" + bucket);
        Assert.Equal((403, "AccessDenied"), (response.Status, response.Code));
    }
}
