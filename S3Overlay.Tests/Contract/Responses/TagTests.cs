using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract.Responses;

/// <summary>
/// Which tags an object may have (LocalStack's test_tagging_validation and test_object_tagging_exc). An S3 store as local judges its own.
/// </summary>
public sealed class TagTests : ResponseTestBase
{
    private const string BadHeader =
        "400 Code=InvalidArgument | "
        + "Message=The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates. "
        + "| ArgumentName=x-amz-tagging | ArgumentValue=";

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task What_cannot_be_a_tag_is_refused(string scene)
    {
        await StartAsync(scene);
        const string Key = "400 Code=InvalidTag | Message=The TagKey you have provided is invalid | TagKey=";
        Assert.Equal("400 Code=InvalidTag | Message=Cannot provide multiple Tags with the same key | TagKey=Key1",
            await SetAsync(("Key1", "Val1"), ("Key1", "Val1")));
        Assert.Equal(Key + "Key1,Key2", await SetAsync(("Key1,Key2", "Val1")));
        Assert.Equal("400 Code=InvalidTag | Message=The TagValue you have provided is invalid | TagKey=Key1 | TagValue=Val1,Val2",
            await SetAsync(("Key1", "Val1,Val2")));
        Assert.Equal("400 Code=InvalidTag | Message=Your TagKey cannot be prefixed with aws: | TagKey=aws:prefixed",
            await SetAsync(("aws:prefixed", "Val1")));
        foreach (var impossible in new[] { "", new string('a', 129), "a;b", "a!b", "a(b)", "a%b", "a&amp;b", "a\tb", "\U0001F600" })
        {
            Assert.Equal(Key + impossible, await SetAsync((impossible, "v")));
        }

        Assert.StartsWith("400 Code=InvalidTag", await SetAsync(("k", new string('a', 257))), StringComparison.Ordinal);
        Assert.Equal("", string.Join('&', await TagsAsync("there")));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task Letters_digits_and_spaces_of_any_script_and_a_few_signs_are_kept(string scene)
    {
        await StartAsync(scene);
        Assert.Equal("200 ", await SetAsync(("a b+c-d=e.f_g:h/i@j", "2 + 2 = 4"), ("ünï 文字 ٣", "\U00020000"), ("AWS", ""),
            (new string('k', 128), new string('v', 256))));
        Assert.Equal(["a b+c-d=e.f_g:h/i@j=2 + 2 = 4", "ünï 文字 ٣=\U00020000", "AWS=", new string('k', 128) + "=" + new string('v', 256)],
            await TagsAsync("there"));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("overlaid")]
    public async Task A_header_says_them_in_one_way_only(string scene)
    {
        await StartAsync(scene);
        foreach (var bad in new[] { "key1=val1&key1=val2", "key1=val1,key2=val2", "=1", "a=%FF", "a=%zz" })
        {
            Assert.Equal(BadHeader + bad.Replace("&", "&amp;", StringComparison.Ordinal),
                ErrorOf(await SendAsync("PUT", "/bucket/new", "v", ("x-amz-tagging", bad))));
            Assert.Equal(BadHeader + bad.Replace("&", "&amp;", StringComparison.Ordinal),
                ErrorOf(await SendAsync("POST", "/bucket/new?uploads", null, ("x-amz-tagging", bad))));
            Assert.Equal(
                BadHeader + bad.Replace("&", "&amp;", StringComparison.Ordinal),
                ErrorOf(await SendAsync("PUT", "/bucket/new", null, ("x-amz-copy-source", "/bucket/there"),
                    ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", bad))));
        }

        Assert.Equal(
            "400 Code=InvalidTag | Message=Your TagKey cannot be prefixed with aws: | TagKey=aws:cost",
            ErrorOf(await SendAsync("PUT", "/bucket/new", "v", ("x-amz-tagging", "aws:cost=1"))));
        Assert.Equal(404, (await SendAsync("HEAD", "/bucket/new")).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/new", "v", ("x-amz-tagging", "key1&&&key2=a+b%2Bc"))).Status);
        Assert.Equal(["key1=", "key2=a b+c"], await TagsAsync("new"));
    }

    /// <summary>The client did not send these tags and cannot correct them, and such an object could be copied before.</summary>
    [Fact, Trait("Rule", "W4"), Trait("Rule", "W5")]
    public async Task Tags_that_a_remote_has_against_these_rules_come_along_with_its_objects()
    {
        await StartAsync("overlaid");
        Remote.Put("bucket", "tagged", "v"u8.ToArray(), ("x-amz-tagging-count", "1"));
        Remote.Script = async (request, context) =>
        {
            if (request.RawQuery != "tagging")
            {
                return ScriptedOutcome.AsUsual;
            }

            await context.Response.WriteAsync(Document(("a,b", "1;2")));
            return ScriptedOutcome.Answered;
        };
        Assert.Equal(200, (await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/tagged"))).Status);
        Assert.Equal(["a,b=1;2"], await TagsAsync("copy"));
        Assert.StartsWith("400 Code=InvalidTag", ErrorOf(await SendAsync("PUT", "/bucket/tagged?tagging", Document(("c,d", "1")))),
            StringComparison.Ordinal);
        Assert.Equal(["a,b=1;2"], await TagsAsync("tagged"));
        Assert.StartsWith(
            "400 Code=InvalidArgument",
            ErrorOf(await SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/tagged"),
                ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "a,b=1"))),
            StringComparison.Ordinal);
    }

    private static string Document(params (string Name, string Value)[] tags) =>
        "<Tagging><TagSet>"
        + string.Concat(tags.Select(static tag => $"<Tag><Key>{tag.Name}</Key><Value>{tag.Value}</Value></Tag>"))
        + "</TagSet></Tagging>";

    private async Task<string> SetAsync(params (string Name, string Value)[] tags) =>
        ErrorOf(await SendAsync("PUT", "/bucket/there?tagging", Document(tags)));

    private async Task<List<string>> TagsAsync(string key)
    {
        var response = await SendAsync("GET", $"/bucket/{key}?tagging");
        Assert.Equal(200, response.Status);
        return [.. System.Xml.Linq.XElement.Parse(response.Text).Descendants().Where(static element => element.Name.LocalName == "Tag")
            .Select(static tag => string.Join('=', tag.Elements().Select(static part => part.Value)))];
    }
}
