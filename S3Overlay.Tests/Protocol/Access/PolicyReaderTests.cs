using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Tests.Protocol.Access;

/// <summary>Which policies are accepted, and which of them are public.</summary>
[Trait("Rule", "A2")]
public sealed class PolicyReaderTests
{
    private const string Good = """{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}""";

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"Statement\":[]}")]
    [InlineData("{\"Statement\":[1]}")]
    [InlineData("{\"Version\":\"2013-01-01\",\"Statement\":[" + Good + "]}")]
    [InlineData("{\"Version\":\"2012-10-17\",\"Statement\":[" + Good + "],\"More\":1}")]
    [InlineData("{\"Version\":\"2012-10-17\",\"Version\":\"2012-10-17\",\"Statement\":[" + Good + "]}")]
    [InlineData("{\"Version\":\"2012-10-17\",\"Statement\":[" + Good)]
    public void A_document_that_is_no_policy_is_refused(string text) => Refuse(text);

    [Theory]
    [InlineData("\"Allow\"", "\"allow\"")]
    [InlineData("\"Effect\":\"Allow\",", "")]
    [InlineData("\"Principal\":\"*\",", "")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":\"somebody\"")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":{}")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":{\"AWS\":[]}")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":{\"AWS\":\"arn:aws:iam::1:user/*\"}")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":{\"Federated\":\"x\"}")]
    [InlineData("\"Principal\":\"*\"", "\"Principal\":\"*\",\"NotPrincipal\":\"*\"")]
    [InlineData("\"Principal\":\"*\"", "\"NotPrincipal\":{\"AWS\":\"x\"}")]
    [InlineData("s3:GetObject", "s3:GetObjects")]
    [InlineData("s3:GetObject", "ec2:*")]
    [InlineData("\"s3:GetObject\"", "[]")]
    [InlineData("\"Action\"", "\"Actions\"")]
    [InlineData("arn:aws:s3:::b/*", "arn:aws:s3:::c/*")]
    [InlineData("arn:aws:s3:::b/*", "b/*")]
    [InlineData("arn:aws:s3:::b/*", "arn:aws:s3::someone:b/*")]
    [InlineData("arn:aws:s3:::b/*", "arn:aws:ec2:::b/*")]
    [InlineData("arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:nothing}")]
    [InlineData("arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"StringSame\":{\"aws:Referer\":\"x\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"StringEquals\":{\"aws:Nothing\":\"x\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"StringEquals\":{\"s3:ExistingObjectTag/\":\"x\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"StringEquals\":\"x\"}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"NumericEquals\":{\"s3:max-keys\":\"many\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"DateEquals\":{\"aws:CurrentTime\":\"soon\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"perhaps\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/33\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"here\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"Null\":{\"aws:Referer\":\"x\"}}")]
    [InlineData("b/*\"", "b/*\",\"Condition\":{\"StringEquals\":{\"aws:Referer\":{\"deep\":[[[[[[[[1]]]]]]]]}}}")]
    public void A_statement_that_is_not_understood_is_refused(string part, string other)
    {
        Assert.Contains(part, Good, StringComparison.Ordinal);
        Refuse($$"""{"Version":"2012-10-17","Statement":[{{Good.Replace(part, other, StringComparison.Ordinal)}}]}""");
    }

    [Fact]
    public void Its_size_is_limited_to_20_KiB()
    {
        var text = $$"""{"Version":"2012-10-17","Id":"","Statement":[{{Good}}]}""";
        var id = new string('x', BucketPolicy.MaxSize - text.Length);
        var largest = text.Replace("\"Id\":\"", "\"Id\":\"" + id, StringComparison.Ordinal);
        Assert.Equal(largest, PolicyReader.Read(largest, "b").Text);
        Assert.Equal("PolicyTooLarge", Assert.Throws<S3Exception>(() => PolicyReader.Read(largest + " ", "b")).Error.Code);
    }

    [Fact]
    public void A_kept_policy_that_is_not_understood_any_more_denies_everything()
    {
        var policy = PolicyReader.ReadKept("{\"Version\":\"2050-01-01\"}", "b");
        Assert.True(policy.Denies(new(AccessCaller.Anonymous, "s3:GetObject", "b/k", static _ => null)));
        Assert.False(policy.IsPublic);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\"StringEquals\":{\"aws:SourceVpc\":\"vpc-1\"}", false)]
    [InlineData("\"StringLike\":{\"aws:SourceVpc\":\"vpc-*\"}", true)]
    [InlineData("\"StringLike\":{\"aws:SourceVpc\":\"vpc-1\"}", false)]
    [InlineData("\"StringNotEquals\":{\"aws:SourceVpc\":\"vpc-1\"}", true)]
    [InlineData("\"StringEqualsIfExists\":{\"aws:SourceVpc\":\"vpc-1\"}", true)]
    [InlineData("\"StringEquals\":{\"aws:Referer\":\"x\"}", true)]
    [InlineData("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/32\"}", false)]
    [InlineData("\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}", false)]
    [InlineData("\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}", true)]
    [InlineData("\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"0.0.0.0/1\"]}", true)]
    [InlineData("\"NotIpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}", true)]
    [InlineData("\"Bool\":{\"aws:SecureTransport\":\"true\"}", true)]
    [InlineData("\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}", false)]
    public void It_is_public_unless_fixed_values_narrow_it(string condition, bool isPublic)
    {
        var statement = condition.Length == 0 ? Good : Good[..^1] + ",\"Condition\":{" + condition + "}}";
        Assert.Equal(isPublic, PolicyReader.Read($$"""{"Statement": {{statement}} }""", "b").IsPublic);
        Assert.False(PolicyReader.Read(
            $$"""{"Statement": {{statement.Replace("\"Allow\"", "\"Deny\"", StringComparison.Ordinal)}} }""", "b").IsPublic);
        Assert.False(PolicyReader.Read(
            $$"""{"Statement": {{statement.Replace("\"*\"", "{\"AWS\":\"alt\"}", StringComparison.Ordinal)}} }""", "b").IsPublic);
    }

    private static void Refuse(string text) =>
        Assert.Equal("MalformedPolicy", Assert.Throws<S3Exception>(() => PolicyReader.Read(text, "b")).Error.Code);
}
