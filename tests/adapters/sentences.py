"""What residents write, invented: enough words in enough turns that some are everywhere, some are rare, and most sentences differ."""

# ruff: noqa: SIM905 - a page of words is read as words
from random import Random

WHERE = """
三单元五楼 二单元一楼 一单元门口 楼道里 地下室 小区北门 小区东门 南边停车场 活动广场 幼儿园旁边 菜市场门口 便民服务中心
六号楼后面 八号楼前面 十二号楼楼顶 健身器材那里 垃圾分类点 快递柜旁 沿街商铺 河堤边上 村口石桥 老村祠堂 大棚地头
文化礼堂
""".split()
WHAT = """
楼道灯不亮了 声控灯一直亮着 电梯停在四楼不动 电梯按钮失灵 水管漏水 下水道堵了 井盖松动 路面塌了一块 路灯坏了 自来水发黄
暖气不热 燃气表走得太快 门禁刷不开 单元门关不上 墙皮掉下来 屋顶漏雨 窗户玻璃碎了 充电桩没有电 监控杆歪了 垃圾没人清运
绿化带枯死了 树枝压到电线 消防通道被占 健身器材断了 排水沟发臭 化粪池满了 广播声音太大 施工噪音扰民 蚊虫很多
宽带总是掉线 养老认证不会办 医保卡激活不了 土地确权证还没发 老宅拆迁款对不上 孩子转学手续 想请人上门理发 想约志愿者打扫
想学用智能手机
""".split()
SINCE = """
今天早上 昨天晚上 前天下雨以后 这个星期 上个月起 停电之后 搬进来以后 一直 最近几天 过年以来
""".split()
WHY = """
老人上下楼不方便 晚上看不清路 孩子放学经过很危险 家里没法做饭 邻居也反映过 物业说不归他们管 打过电话没人来 影响休息
怕有人摔倒 一楼住户受不了 已经拍了照片 希望尽快处理 请派人来看看 麻烦给个说法 谢谢 不着急但想有人管
""".split()
RARE = """
鸽子 蜂窝 水泵房 腊梅 锣鼓队 助听器 轮椅坡道 铁皮棚 配电箱 晒粮场 祠堂牌匾 净水器 WiFi LED灯带 ETC车道 热水器
""".split()


def sentence(chance: Random) -> str:
    """One request in its resident's words."""
    said = f"{chance.choice(WHERE)}{chance.choice(WHAT)}，{chance.choice(SINCE)}就这样，{chance.choice(WHY)}。"
    if chance.random() < 0.3:
        said += f"还有{chance.choice(WHERE)}的{chance.choice(WHAT)}，{chance.choice(WHY)}。"
    if chance.random() < 0.02:
        said += f"{chance.choice(RARE)}也顺便看一下。"
    return said
