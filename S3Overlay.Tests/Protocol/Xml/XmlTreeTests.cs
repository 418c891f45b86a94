using System.Text;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Tests.Protocol.Xml;

/// <summary>Documents are read into trees as the framework reads them, except for those that are too deep.</summary>
[Trait("Rule", "W8")]
public sealed class XmlTreeTests
{
    [Theory]
    [InlineData("<a/>")]
    [InlineData("<a> <b>x</b>\n<b/>y<![CDATA[<z>]]></a>")]
    [InlineData(
        "<?xml version=\"1.0\"?><a xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" x=\"1\">"
        + "<b xmlns:p=\"urn:p\" p:y=\"&#13;\">&#1;&amp;</b><p:c xmlns:p=\"urn:q\"/></a> ")]
    public async Task A_tree_is_the_one_that_the_framework_makes(string document)
    {
        var expected = XElement.Load(Reader(document));
        Assert.True(XNode.DeepEquals(expected, XmlTree.Read(Reader(document))));
        Assert.True(XNode.DeepEquals(expected, await XmlTree.ReadAsync(Reader(document), CancellationToken.None)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<a>")]
    [InlineData("<a></b>")]
    [InlineData("<a/><b/>")]
    [InlineData("text")]
    public async Task What_is_no_document_is_refused(string document)
    {
        Assert.Throws<XmlException>(() => XmlTree.Read(Reader(document)));
        await Assert.ThrowsAsync<XmlException>(() => XmlTree.ReadAsync(Reader(document), CancellationToken.None));
    }

    [Fact]
    public async Task Depth_and_attributes_are_bounded()
    {
        static string Nested(int levels) => string.Concat(Enumerable.Repeat("<a>", levels))
            + string.Concat(Enumerable.Repeat("</a>", levels));
        static string Wide(int attributes) => $"<a {string.Join(' ', Enumerable.Range(0, attributes).Select(i => $"a{i}=\"\""))}/>";
        foreach (var (kept, refused) in ((string, string)[])[(Nested(XmlTree.MaxDepth), Nested(XmlTree.MaxDepth + 1)),
            (Wide(XmlTree.MaxAttributes), Wide(XmlTree.MaxAttributes + 1))])
        {
            XmlTree.Read(Reader(kept));
            Assert.Throws<XmlException>(() => XmlTree.Read(Reader(refused)));
            await Assert.ThrowsAsync<XmlException>(() => XmlTree.ReadAsync(Reader(refused), CancellationToken.None));
        }
    }

    private static XmlReader Reader(string document) =>
        XmlReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(document)),
            new XmlReaderSettings { Async = true, CheckCharacters = false });
}
