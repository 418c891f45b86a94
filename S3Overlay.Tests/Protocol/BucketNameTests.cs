using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Protocol;

/// <summary>The names that a bucket may be created with.</summary>
public sealed class BucketNameTests
{
    [Theory]
    [InlineData("foo.bar", true)]
    [InlineData("foo--bar", true)]
    [InlineData("foo-.bar", false)]
    [InlineData("foo.-bar", false)]
    [InlineData("foo..bar", false)]
    [InlineData("-foo", false)]
    public void Each_label_begins_and_ends_with_a_letter_or_digit(string name, bool isValid) =>
        Assert.Equal(isValid, BucketNames.IsValid(name));
}
